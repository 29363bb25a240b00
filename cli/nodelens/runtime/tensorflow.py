"""Starting TensorFlow: quietly, on the requested device, with a seed.

TensorFlow logs to stderr before Python can prevent it (lines written before its logging is
set up ignore `TF_CPP_MIN_LOG_LEVEL`), so stderr is redirected at the level of the file descriptor
while it is imported and lists its devices, and replayed if that fails.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nodelens.errors import EnvironmentLacksError, UsageError


@dataclass(frozen=True)
class Device:
    """The device of the computation.

    Attributes:
        name: TensorFlow's name, `/CPU:0` or `/GPU:1`.
        description: The name for readers: `CPU (2 cores)`, `GPU 0 (NVIDIA A100)`.
    """

    name: str
    description: str


def start_tensorflow(
    device: str = "auto",
    seed: int | None = None,
    *,
    verbose: bool = False,
    small: bool = False,
) -> Device:
    """Imports TensorFlow, chooses the device and seeds Python, NumPy and TensorFlow, if at all.

    The device is `auto` (a GPU if TensorFlow sees one), `cpu`, `gpu` or `gpu:N`. Where the work is
    `small`, so that a GPU would wait for the host most of the time, `auto` is the CPU. TensorFlow's
    own messages are shown if `verbose`.

    Raises:
        UsageError: If `device` is none of these.
        EnvironmentLacksError: If the GPU that was asked for is not there, or TensorFlow cannot
            be imported.
    """
    kind, index = _parse(device)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if kind == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    with _stderr_redirected(replay=verbose):
        try:
            import tensorflow as tf
        except ImportError as error:
            raise EnvironmentLacksError(
                f"TensorFlow cannot be imported: {error}", hint="install nodelens again with pip"
            ) from error
        if not verbose:
            _mute_python_loggers()
        gpus = tf.config.list_physical_devices("GPU")
        chosen = _choose(kind, index, gpus, small=small)
        tf.config.set_visible_devices([] if chosen is None else [gpus[chosen]], "GPU")
        for gpu in tf.config.get_visible_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.list_logical_devices()
    if seed is not None:
        import keras

        keras.utils.set_random_seed(seed)
    if chosen is None:
        why = ", faster than a GPU for so small a field" if gpus and kind == "auto" else ""
        return Device("/CPU:0", f"CPU ({os.cpu_count()} cores){why}")
    details = tf.config.experimental.get_device_details(gpus[chosen])
    return Device("/GPU:0", f"GPU {chosen} ({details.get('device_name', 'unnamed')})")


def _parse(device: str) -> tuple[str, int]:
    kind, _, number = device.lower().partition(":")
    if kind in {"auto", "cpu", "gpu"} and (not number or (kind == "gpu" and number.isdigit())):
        return kind, int(number or 0)
    raise UsageError(f"{device!r} is no device", hint="possible: auto, cpu, gpu, gpu:N")


def _choose(kind: str, index: int, gpus: list[object], *, small: bool) -> int | None:
    if kind == "cpu" or (kind == "auto" and (small or not gpus)):
        return None
    if not gpus:
        raise EnvironmentLacksError(
            "a GPU was asked for, and TensorFlow sees none on this machine",
            hint="install the extra `nodelens[cuda]` and a driver, or set `device` to cpu; "
            "`nodelens doctor` shows what TensorFlow sees",
        )
    if index >= len(gpus):
        raise EnvironmentLacksError(
            f"GPU {index} was asked for, and TensorFlow sees {len(gpus)}",
            hint=f"the numbers go from 0 to {len(gpus) - 1}",
        )
    return index


def _mute_python_loggers() -> None:
    import logging

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)


@contextmanager
def _stderr_redirected(*, replay: bool) -> Iterator[None]:
    """Keeps what is written to file descriptor 2 in a file; shows it if the block fails."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except OSError:  # stderr is closed: there is nothing to hold back
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except EnvironmentLacksError:
            failed = False
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if failed or replay:
                held.seek(0)
                os.write(2, held.read())
