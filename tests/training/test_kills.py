"""A training that is killed again and again comes to the same numbers as one left in peace."""

import random
import time
from pathlib import Path

import pytest
from tests.training.killed_runs import Trainings, arrays, files, rows

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


@pytest.mark.slow
def test_twenty_kills_change_no_bit(tmp_path: Path) -> None:
    trainings = Trainings(tmp_path)
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

    last = f"checkpoints/step-{STEPS:09d}.npz"
    assert arrays(killed / last) == arrays(straight / last)
    assert rows(killed) == rows(straight)
    assert files(killed) == files(straight)  # nothing half-written is left
