"""The error of a computation that needs more memory than the device has."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from nodelens.errors import EnvironmentLacksError


class OutOfMemoryError(EnvironmentLacksError):
    """The memory of the device is not enough; a smaller batch may do."""


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raises what TensorFlow and NumPy raise when memory is short as `OutOfMemoryError`."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise OutOfMemoryError(
            "the memory of the device is not enough to explain a picture with this model",
            hint="set `device` to cpu, ask for fewer `layers` and classes, or use a smaller model",
        ) from error
