"""TensorFlow starts quietly and on the device that was asked for."""

import subprocess
import sys

import pytest

from nodelens.errors import EnvironmentLacksError, UsageError
from nodelens.runtime.tensorflow import _choose, start_tensorflow


def test_nothing_is_heard_of_the_start() -> None:
    code = (
        "from nodelens.runtime.tensorflow import start_tensorflow\n"
        "start_tensorflow('auto', 3)\n"
        "import tensorflow as tf, keras\n"
        "f = tf.function(lambda x: x + 1, jit_compile=True)\n"
        "assert float(f(tf.constant(1.0))) == 2.0\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_redirected_messages_are_shown_when_the_start_fails() -> None:
    code = (
        "import os, sys\n"
        "from nodelens.runtime.tensorflow import _stderr_redirected\n"
        "with _stderr_redirected(replay=False):\n"
        "    os.write(2, b'from below')\n"
        "    raise ValueError\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert result.stderr.startswith(b"from below")


def test_words_that_are_no_device_are_refused() -> None:
    for word in ("tpu", "cpu:1", "gpu:x", ""):
        with pytest.raises(UsageError, match="is no device"):
            start_tensorflow(word)


def test_a_gpu_that_is_not_there_is_never_replaced_by_the_cpu() -> None:
    import tensorflow as tf

    absent = len(tf.config.list_physical_devices("GPU"))
    with pytest.raises(EnvironmentLacksError, match="GPU"):
        start_tensorflow(f"gpu:{absent}")


def test_the_seed_fixes_the_numbers() -> None:
    import tensorflow as tf

    start_tensorflow("cpu", 7)
    first = tf.random.normal([3]).numpy()
    start_tensorflow("cpu", 7)
    assert (tf.random.normal([3]).numpy() == first).all()


@pytest.mark.parametrize(
    ("device", "small", "chosen"),
    [("auto", True, None), ("auto", False, 0), ("gpu", True, 0), ("cpu", False, None)],
)
def test_small_work_is_left_to_the_cpu_unless_a_gpu_is_asked_for(
    device: str, small: bool, chosen: int | None
) -> None:
    assert _choose(device, 0, ["a GPU"], small=small) == chosen
