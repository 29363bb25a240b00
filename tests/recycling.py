"""Test processes that are replaced when they have grown: TensorFlow keeps every compiled program.

`pytest -n 2 --dist loadfile` runs each file in one process. A process that holds more than `LIMIT`
near the end of a file gets no further one: it ends, and a new one takes its place. Files with slow
tests come first, so that no process is left alone with one at the end.
"""

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LIMIT = 11 * 2**27
"""Resident bytes of a process after which it is replaced."""

_RESIDENT = "resident_bytes"


class Recycling:
    """The plugin, in the controlling process and in the test processes."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Puts the files with the most slow tests first, then those with the most tests."""
        slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
        count = Counter(item.path for item in items)
        items.sort(key=lambda item: (-slow[item.path], -count[item.path], item.path))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Any:
        """Adds the size of the process to the last report of a test."""
        from nodelens.runtime.memory import resident_bytes

        report = yield
        if report.when == "teardown":
            report.user_properties.append((_RESIDENT, resident_bytes()))
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Stores, in the controlling process, the size of the process of the test."""
        node = getattr(report, "node", None)
        if node is not None:
            node.resident_bytes = dict(report.user_properties).get(_RESIDENT, 0)

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadFileScheduling:
        """Makes the scheduler that gives no further file to a process that has grown."""
        config.option.loadscopereorder = False  # the order is that of the collection
        return FilesToSmallProcesses(config, log)

    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Starts a new process in the place of one that ended while files were left."""
        session = self.config.pluginmanager.getplugin("dsession")
        if error is None and not session.shuttingdown and session.sched.workqueue:
            # All is said: the process need not take its time to end, which holds its memory.
            node.gateway._io.kill()
            node.gateway.exit()
            session._clone_node(node)


class FilesToSmallProcesses(LoadFileScheduling):
    """The scheduler of `--dist loadfile`, except that processes that have grown are ended.

    A process waits for its next file before its last test, of which xdist tells what comes next.
    Only then it is given one, so that none is left for a process that has grown.
    """

    def _reschedule(self, node: Any) -> None:
        if node not in self.registered_collections:
            return  # a new process that is still collecting its tests
        if self.workqueue and self._pending_of(self.assigned_work[node]) > 1:
            return
        if getattr(node, "resident_bytes", 0) > LIMIT and not node.shutting_down:
            node.shutdown()  # after its last test
        super()._reschedule(node)
