"""The names that `import nodelens` offers."""

import subprocess
import sys

import pytest

import nodelens


@pytest.mark.parametrize("name", nodelens.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(nodelens, name) is not None
    assert name in dir(nodelens)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nodelens.nothing  # noqa: B018


def test_types_are_known_to_checkers() -> None:
    # What `__getattr__` gives must also stand in the block that type checkers read.
    source = open(nodelens.__file__).read()  # noqa: PTH123, SIM115
    for name in nodelens.__all__[1:]:
        assert f" as {name}\n" in source


def test_importing_is_light() -> None:
    code = "import sys, nodelens; assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_what_resumes_a_run_leaves_tensorflow_to_be_started_quietly() -> None:
    code = (
        "import sys, nodelens.training.earlier, nodelens.ode.xla_flags, nodelens.runtime.rundir; "
        "assert 'tensorflow' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
