"""Compiled functions, one pair a configuration: by XLA where it can, else as a plain graph."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from nodelens.ode.adjoints.base import Backward, Forward
from nodelens.ode.core import Core
from nodelens.ode.memo import Memo
from nodelens.ode.observe import Inputs
from nodelens.ode.status import Status
from nodelens.ode.user_code import first_line
from nodelens.ode.xla_flags import ask_for_small_loops

# Before anything is compiled: XLA reads its flags once.
ask_for_small_loops()

NOT_COMPILABLE = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    tf.errors.NotFoundError,
    tf.errors.InternalError,
)


class Compiled:
    """The methods of an object, pure functions of nests of tensors, as compiled functions.

    Args:
        target: The object.
        jit_compile: Whether to try XLA.
    """

    def __init__(self, target: Any, jit_compile: bool) -> None:
        self._target = target
        self._jit_compile = jit_compile
        self._traced: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def run(self, name: str, *arguments: Any) -> Any:
        """Calls a method; no tape sees it."""
        flat = tf.nest.flatten(arguments)
        function = self.trace(name, self._jit_compile, arguments)
        # Pauses every tape for the call (not for the tracing, which needs its own tapes): an eager
        # tape would keep all intermediate tensors of the solve.
        with tf.init_scope():
            if not self._jit_compile:
                return function(*flat)
            try:
                return function(*flat)
            except NOT_COMPILABLE as error:
                reason = first_line(error)
        plain = self.trace(name, False, arguments)
        with tf.init_scope():
            result = plain(*flat)
        # It runs as a graph, so XLA was the obstacle: from now on do not try again.
        self._jit_compile = False
        warnings.warn(
            f"XLA cannot compile this solve ({reason}); it runs as a plain TensorFlow graph, "
            "which is slower. Pass jit_compile=False to do so without this warning.",
            RuntimeWarning,
            stacklevel=2,
        )
        return result

    def trace(self, name: str, jit_compile: bool, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """Returns the traced function for tensors of these shapes, taking them as a flat list."""
        flat = tf.nest.flatten(arguments)
        key = (name, jit_compile, *[tuple(x.shape) for x in flat])
        if key not in self._traced:
            method = getattr(self._target, name)

            def unflattened(*leaves: tf.Tensor) -> Any:
                return method(*tf.nest.pack_sequence_as(arguments, list(leaves)))

            function = tf.function(unflattened, autograph=False, jit_compile=jit_compile)
            specs = [tf.TensorSpec(x.shape, x.dtype) for x in flat]
            self._traced[key] = function.get_concrete_function(*specs)
        return self._traced[key]

    @property
    def traces(self) -> int:
        """The number of functions that have been traced so far."""
        return len(self._traced)


class CompiledCore(Compiled):
    """The forward and backward pass of one configuration as compiled functions.

    Args:
        core: The configuration.
        jit_compile: Whether to try XLA.
    """

    def __init__(self, core: Core, jit_compile: bool) -> None:
        super().__init__(core, jit_compile)
        self._core = core
        self._roomier: CompiledCore | None = None

    def forward(self, inputs: Inputs) -> Forward:
        """Solves; no tape sees it."""
        return self.run("forward", inputs)

    @property
    def roomiest(self) -> "CompiledCore":
        """The same, with the room that earlier backward passes needed."""
        return self if self._roomier is None else self._roomier.roomiest

    def backward(
        self, inputs: Inputs, forward: Forward, cotangent: tf.Tensor
    ) -> tuple[Backward, tf.Tensor]:
        """Runs the backward pass of a solve by this object; no tape sees it.

        If the adjoint's store had no room for all steps, the solve is repeated with a larger one.
        """
        found: tuple[Backward, tf.Tensor] = self.run("backward", inputs, forward, cotangent)
        larger = self._core.adjoint.larger()
        full = (found[0].stats.status.numpy() == int(Status.CAPACITY)).any()
        if larger is None or not full:
            return found
        if self._roomier is None:
            self._roomier = CompiledCore(replace(self._core, adjoint=larger), self._jit_compile)
        roomier = self._roomier.roomiest
        return roomier.backward(inputs, roomier.forward(inputs), cotangent)

    def taped(self, inputs: Inputs) -> Forward:
        """Solves so that a tape outside finds the gradient.

        Never compiled by XLA: what TensorFlow's tape keeps of a loop cannot leave an XLA function.
        """
        return self.trace("taped", False, (inputs,))(*tf.nest.flatten(inputs))


_COMPILED: Memo[CompiledCore] = Memo(capacity=128)


def compiled(core: Core, jit_compile: bool) -> CompiledCore:
    """Returns the compiled functions of a configuration, from the cache if it was met before."""
    found = _COMPILED.get((id(core), jit_compile), lambda: CompiledCore(core, jit_compile))
    return found.roomiest
