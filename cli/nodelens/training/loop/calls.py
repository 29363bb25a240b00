"""The calls of the compiled loop of one stage, and of that for steps whose solve fails.

Windows are solved together, so that one of them whose solution blows up fails all. Such a step is
taken anew by a task that leaves out what cannot be solved; its loop is compiled when it is needed
first.
"""

import time
from dataclasses import dataclass, field

import keras
import tensorflow as tf

from nodelens.ode import Status
from nodelens.training.loop.loop import CallMetrics, TrainingCall, joined, make_training_call
from nodelens.training.loop.task import Stage


@dataclass
class Calls:
    """The calls of a stage.

    Attributes:
        stage: The stage.
        optimizer: Built for the variables of its model.
        capacity: The most steps of a call.
        compile_seconds: The time that XLA took so far.
    """

    stage: Stage
    optimizer: keras.optimizers.Optimizer
    capacity: int
    compile_seconds: float = 0.0
    _compiled: dict[bool, TrainingCall] = field(default_factory=dict)

    def prepare(self) -> None:
        """Traces the loop, so that what cannot be trained is refused before the first step."""
        self._compiled[False] = make_training_call(self.stage.task, self.optimizer, self.capacity)

    def compile(self) -> None:
        """Lets XLA compile the loop, which it does in the first call: one of no steps."""
        self._compile(self._compiled[False])

    def run(self, first: int, count: int) -> CallMetrics:
        """Trains from step number `first` (from 0) for `count` steps.

        Returns:
            The metrics, NumPy values. Of fewer steps the last one could not be taken.
        """
        parts: list[CallMetrics] = []
        while True:
            metrics = self._compiled[False](tf.constant(first), tf.constant(count))
            done, status = int(metrics.done), Status(int(metrics.cost.status))
            # A store that is full says nothing about the windows.
            fine = status in (Status.SUCCESS, Status.CAPACITY)
            if fine or self.stage.sparing is None:
                return joined([*parts, metrics])
            spared = self._spare(first + done)
            if not spared.done:
                return joined([*parts, metrics])
            parts += [metrics, spared]
            first, count = first + done + 1, count - done - 1
            if not count:
                return joined(parts)

    def _spare(self, step: int) -> CallMetrics:
        """Takes one step that leaves out what cannot be solved."""
        call = self._compiled.get(True)
        if call is None:
            before = time.perf_counter()
            assert self.stage.sparing is not None  # noqa: S101 (asked by `run`)
            call = make_training_call(self.stage.sparing, self.optimizer, 1)
            self._compiled[True] = call
            self.compile_seconds += time.perf_counter() - before
            self._compile(call)
        return call(tf.constant(step), tf.constant(1))

    def _compile(self, call: TrainingCall) -> None:
        before = time.perf_counter()
        call(tf.constant(0), tf.constant(0))
        self.compile_seconds += time.perf_counter() - before
