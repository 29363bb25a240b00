"""Peak memory of a gradient against the number of steps, measured in a fresh process each.

Run as `python -m nodelens.checking.peak_memory ADJOINT STEPS` it measures once and prints JSON.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nodelens.checking.studies import Series, Study

# 1 MiB a state: large against what the solver needs besides, small against the memory.
SIZE = 262_144
STATE_BYTES = 4 * SIZE
STEPS = (25, 50, 100)
STEP_SIZE = 0.001
# A gradient that keeps less than this of a state for each step keeps nothing.
CONSTANT = 0.2


def measure(adjoint: str, steps: int) -> dict[str, float]:
    """Measures one compiled gradient in this process, which must be fresh.

    What an adjoint reserves ahead is reserved for just these steps.

    Args:
        adjoint: One of `nodelens.ode.ADJOINTS`.
        steps: How many steps of RK4 are taken.

    Returns:
        `peak_bytes` beyond what the process held after the same gradient of a tiny state, and
        `seconds` of one more, which is compiled by then.
    """
    import tensorflow as tf

    from nodelens.ode import Discrete, odeint_vjp

    way = Discrete(capacity=steps) if adjoint == "discrete" else adjoint

    def field(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
        return params[0] * tf.sin(z + t)

    def gradient(size: int) -> None:
        solution, pullback = odeint_vjp(
            field,
            tf.ones(size),
            [0.0, steps * STEP_SIZE],
            params=[tf.constant(0.3)],
            solver="rk4",
            step_size=STEP_SIZE,
            adjoint=way,
            max_steps=steps + 1,
        )
        pullback(tf.ones_like(solution.states)).z0.numpy()

    gradient(2)
    _forget_peak()
    before = _peak()
    gradient(SIZE)
    peak, start = _peak() - before, time.perf_counter()
    gradient(SIZE)
    return {"peak_bytes": peak, "seconds": time.perf_counter() - start}


def memory_study(
    adjoints: Sequence[str], on_progress: Callable[[str, str], None] = lambda problem, part: None
) -> Study:
    """Measures every adjoint at rising numbers of steps."""
    found, sentences = [], []
    for adjoint in adjoints:
        peaks, seconds = [], []
        for steps in STEPS:
            on_progress("memory", f"{adjoint}, {steps} steps")
            found_here = _in_a_fresh_process(adjoint, steps)
            peaks.append(found_here["peak_bytes"] / STATE_BYTES)
            seconds.append(found_here["seconds"])
        per_step = float(np.polyfit(STEPS, peaks, 1)[0])
        x = tuple(float(steps) for steps in STEPS)
        found.append(Series(adjoint, x, tuple(peaks), None, per_step, tuple(seconds)))
        if per_step != per_step:
            sentences.append(f"{adjoint}: could not be measured")
            continue
        kind = "constant" if per_step < CONSTANT else "linear"
        sentences.append(f"{adjoint}: {kind}, {max(per_step, 0.0):.2f} states more for each step")
    label = "peak memory in states"
    return Study("memory", "memory", "steps", label, tuple(found), None, tuple(sentences))


def _in_a_fresh_process(adjoint: str, steps: int) -> dict[str, float]:
    command = [sys.executable, "-m", "nodelens.checking.peak_memory", adjoint, str(steps)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return {"peak_bytes": float("nan"), "seconds": float("nan")}
    return json.loads(result.stdout)


def _forget_peak() -> None:
    """Lets the peak start again from what is held now, where the system can (Linux)."""
    switch = Path("/proc/self/clear_refs")
    if switch.exists():
        switch.write_text("5")


def _peak() -> int:
    """Returns the largest memory that this process held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        high = next((line for line in lines if line.startswith("VmHWM:")), None)
        if high is not None:
            return 1024 * int(high.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]))) + "\n")
