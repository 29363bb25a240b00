"""How files are given to test processes."""

from types import SimpleNamespace

from tests.recycling import LIMIT, FilesToSmallProcesses

TESTS = [f"{file}.py::test_{number}" for file in "abcd" for number in range(3)]


class Process:
    """A test process that notes what it is told."""

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id="gw0")
        self.files: list[str] = []
        self.shutting_down = False
        self.resident_bytes = 0

    def send_runtest_some(self, indices: list[int]) -> None:
        self.files.append("".join(sorted({TESTS[index][0] for index in indices})))

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduler_of(process: Process) -> FilesToSmallProcesses:
    option = SimpleNamespace(loadscopereorder=False)
    config = SimpleNamespace(option=option, getvalue=lambda name: ["popen"])
    scheduler = FilesToSmallProcesses(config)
    scheduler.add_node(process)
    scheduler.add_node_collection(process, TESTS)
    scheduler.schedule()
    return scheduler


def test_a_process_gets_one_file_and_the_next_before_its_last_test() -> None:
    process = Process()
    scheduler = scheduler_of(process)
    assert process.files == ["a"]
    scheduler.mark_test_complete(process, 0)
    assert process.files == ["a"]
    scheduler.mark_test_complete(process, 1)
    assert process.files == ["a", "b"]


def test_a_process_that_has_grown_gets_no_further_file() -> None:
    process = Process()
    scheduler = scheduler_of(process)
    process.resident_bytes = LIMIT + 1
    scheduler.mark_test_complete(process, 0)
    assert not process.shutting_down
    scheduler.mark_test_complete(process, 1)
    assert process.shutting_down and process.files == ["a"]


def test_a_process_ends_when_all_files_are_given() -> None:
    process = Process()
    scheduler = scheduler_of(process)
    for index in range(10):
        scheduler.mark_test_complete(process, index)
    assert process.files == ["a", "b", "c", "d"]
    assert process.shutting_down
