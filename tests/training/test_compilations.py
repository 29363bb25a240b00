"""Each training is compiled once, whatever the kind of its field, and not at every call again."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nodelens.fields.settings import FIELDS

# A process of its own, because TensorFlow reads what it shall log when it is loaded.
TRAININGS = """
import sys
from nodelens.settings.resolve import resolve
from nodelens.training.loop.train import Hooks, train
from nodelens.training.runs.prepare import prepare
from nodelens.training.settings import TrainOdeSettings

common = [
    "solver={method: euler, step_size: 0.5}",
    "training={steps: 6, steps_per_call: 2, batch_size: 2, window: 3}",
]
for line in sys.stdin:
    kind, data, field = line.rstrip().split("|")
    settings = resolve(TrainOdeSettings, overrides=[*common, data, field]).settings
    experiment = prepare(settings)
    print("FIELD", kind, file=sys.stderr, flush=True)
    train(experiment.stages, settings, Hooks(lambda _: None, lambda _: None, bool))
"""

OWN = """
import keras
import tensorflow as tf

class Decay(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.rate = self.add_weight(shape=(), initializer="ones")

    def call(self, t, z):
        return -self.rate * z * tf.cos(t)

field = Decay()
"""

TRAJECTORIES = "data={kind: simulated, system: pendulum, points: 20}"
# They depend on the time where they can: what the start of a window is, is known at run time only.
KINDS = {
    "mlp": "{kind: mlp, hidden: [4], time: true}",
    "linear": "{kind: linear}",
    "second_order": "{kind: second_order, hidden: [4], time: true}",
    "higher_order": "{kind: higher_order, order: 2, hidden: [4], time: true}",
    "hybrid": "{kind: hybrid, parameters: {a: 1.0}, "
    "equations: {angle: velocity, velocity: -a*angle+sin(t)}}",
    "own": "{kind: own, path: own.py}",
    "conv": "{kind: conv, filters: 2, downsample: 0}",
    "resnet": "{kind: resnet, blocks: 2}",
}


@pytest.mark.slow
def test_a_training_is_compiled_once_for_every_kind_of_field(tmp_path: Path) -> None:
    assert set(KINDS) == set(FIELDS)
    (tmp_path / "own.py").write_text(OWN)
    pictures, labels = np.zeros([8, 4, 4], np.uint8), np.arange(8) % 2
    np.savez(tmp_path / "pictures.npz", x=pictures, y=labels)
    data = {
        "conv": "data={kind: images, path: pictures.npz}",
        "resnet": "data={kind: annuli, samples: 20}",
    }
    lines = [f"{kind}|{data.get(kind, TRAJECTORIES)}|field={KINDS[kind]}" for kind in KINDS]
    # A window with times of its own for each start is compiled in another way.
    uneven = TRAJECTORIES.replace("}", ", irregular: true}")
    lines.append(f"uneven|{uneven}|field={KINDS['mlp']}")
    run = subprocess.run(
        [sys.executable, "-c", TRAININGS],
        input="\n".join(lines),
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TF_CPP_MIN_LOG_LEVEL": "0",
            "TF_CPP_VMODULE": "device_compilation_profiler=1",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    _, *parts = run.stderr.split("FIELD ")
    counted = {
        part.split(maxsplit=1)[0]: re.findall(r"Compiled __inference_steps_\d+ (\d+) times", part)
        for part in parts
    }
    assert counted == {kind: ["1"] for kind in (*KINDS, "uneven")}
