"""How contestants compete: each in a process of its own, taking turns."""

import importlib
import multiprocessing
import resource
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Contestant:
    """One way to do a work.

    Args:
        name: As the table shows it.
        module: Where its functions are.
        way: Told to the function, where it knows several ways to do the work.
        requires: The package that must be installed.
        rounds: Share of the repetitions that it takes part in (for the slow).
        function: Its own function, where it does something else than the task says.
    """

    name: str
    module: str
    way: str
    requires: str = "nodelens"
    rounds: float = 1.0
    function: str | None = None


@dataclass(frozen=True)
class Task:
    """What is measured.

    Args:
        title: As the table shows it.
        function: The contestants' function, called with the way and `arguments`.
        arguments: Its other arguments.
        per_call: How many units one call does; times are given for one unit.
        repetitions: Calls of each contestant.
    """

    title: str
    function: str
    arguments: tuple[Any, ...]
    per_call: int
    repetitions: int


def serve(connection: Connection, contestant: Contestant, task: Task) -> None:
    """Makes the work, says how long compiling took, and does it each time it is asked to."""
    module = importlib.import_module(contestant.module)
    run, compile_seconds = getattr(module, contestant.function or task.function)(
        contestant.way, *task.arguments
    )
    connection.send(compile_seconds)
    while connection.recv():
        start = time.perf_counter()
        result = run()
        connection.send((time.perf_counter() - start, result))
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measure(task: Task, contestants: list[Contestant]) -> dict[str, dict[str, float]]:
    """Medians in milliseconds and peak memory, the contestants taking turns."""
    context = multiprocessing.get_context("spawn")
    lines, compile_seconds = {}, {}
    for contestant in contestants:
        ours, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, contestant, task), daemon=True).start()
        theirs.close()
        # One after the other, so that compile times do not disturb each other.
        lines[contestant], compile_seconds[contestant] = ours, ours.recv()
    times: dict[Contestant, list[float]] = {contestant: [] for contestant in contestants}
    results, peaks = {}, {}
    for i in range(task.repetitions):
        for contestant, line in lines.items():
            if i < max(1, contestant.rounds * task.repetitions):
                line.send(True)
                seconds, results[contestant] = line.recv()
                times[contestant].append(1e3 * seconds / task.per_call)
    for contestant, line in lines.items():
        line.send(False)
        peaks[contestant] = line.recv()
    return {
        contestant.name: {
            "median_ms": round(float(np.median(values)), 4),
            "best_ms": round(min(values), 4),
            "compile_s": round(compile_seconds[contestant], 2),
            "peak_mib": peaks[contestant] // 1024,
            "result": results[contestant],
        }
        for contestant, values in times.items()
    }
