"""SIGINT and SIGTERM end a command with a message and 130 or 143."""

import signal
import subprocess
import sys

import pytest

SLEEPER = """
import sys, time
from nodelens.errors import ExitCode
from nodelens.entry import guard
from nodelens.runtime.signals import stop_on_signals
def sleep():
    print("ready", flush=True)
    time.sleep(60)
    return 0
stop_on_signals()
sys.exit(guard(sleep, debug=False))
"""

STEPPER = """
import sys, time
from nodelens.runtime.signals import finish_first
with finish_first("the step is finished") as request:
    print("ready", flush=True)
    for step in range(600):
        time.sleep(0.1)
        if request:
            print("saved", request.word, flush=True)
            sys.exit(request.exit_code)
"""


def start(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_with_its_code_and_a_message(
    number: signal.Signals, code: int, word: str
) -> None:
    process = start(SLEEPER)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert output == ""
    assert errors == f"error: {word}; nothing is left half-written\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_step_is_finished_before_the_end(number: signal.Signals, code: int) -> None:
    process = start(STEPPER)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert output.startswith("saved ")
    assert "stopping: the step is finished; press Ctrl-C again to stop at once" in errors
