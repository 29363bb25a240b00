"""A training that is killed again and again comes to the same numbers as one left in peace."""

import json
import multiprocessing
import random
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodelens.entry import run

KILLS = 20
STEPS = 2000
SETTINGS = [
    "field={kind: hybrid, equations: {x: v, v: a*x}, parameters: {a: -0.5}}",
    "data={kind: simulated, system: harmonic_oscillator, points: 50, noise: 0.1,"
    " validation: {fraction: 0.2}}",
    "solver.method=heun_euler",
    "adjoint.method=discrete",
    "training={window: 3, batch_size: 4, optimizer: adam, schedule: cosine, steps_per_call: 5,"
    " checkpoint_every: 5, validate_every: 20}",
    "output.figures=false",
]


class Trainings:
    """Runs of `train-ode`, each in a process of its own that has TensorFlow imported already.

    Args:
        cache: Where XLA keeps what it has compiled, so that no process compiles it anew.
    """

    def __init__(self, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        flags = f"--tf_xla_persistent_cache_directory={cache} "
        flags += "--tf_xla_persistent_cache_device_types=CPU"
        monkeypatch.setenv("TF_XLA_FLAGS", flags)
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")  # the cache is talkative
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["nodelens.training.runs.run", "nodelens.entry"])

    def start(self, *arguments: str) -> ForkServerProcess:
        """Starts a run."""
        process = self._context.Process(target=run, args=(["train-ode", "-q", *arguments],))
        process.start()
        return process


def rows(directory: Path) -> list[dict[str, Any]]:
    """The metrics that two runs of the same training have in common."""
    timed = {"seconds", "steps_per_second", "memory_bytes"}
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in lines]


def arrays(directory: Path) -> dict[str, bytes]:
    """Everything that the last checkpoint holds."""
    with np.load(directory / "checkpoints" / f"step-{STEPS:09d}.npz") as file:
        return {name: file[name].tobytes() for name in file.files}


@pytest.mark.slow
def test_twenty_kills_change_no_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainings = Trainings(tmp_path / "cache", monkeypatch)
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    trainings.start("--out", str(straight), "--steps", str(STEPS), *settings).join()

    metrics = killed / "metrics.jsonl"
    begin = ["--out", str(killed), "--steps", str(STEPS), *settings]
    moments = random.Random(0)
    for _ in range(KILLS):
        size = metrics.stat().st_size if metrics.exists() else 0
        process = trainings.start(*begin)
        # It trains from when it has written a row; what went before has changed nothing.
        while process.is_alive() and not (metrics.exists() and metrics.stat().st_size != size):
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.1))
        assert process.is_alive(), "the training was over before it could be killed"
        process.kill()
        process.join()
        begin = ["--resume", str(killed)]
    trainings.start(*begin).join()

    assert arrays(killed) == arrays(straight)
    assert rows(killed) == rows(straight)
    assert len(list((killed / "checkpoints").iterdir())) == 2  # nothing half-written is left
