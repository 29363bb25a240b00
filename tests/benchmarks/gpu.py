"""Verifies the ODE core on whatever device TensorFlow sees, in one command.

    python -m tests.benchmarks.gpu

runs the tests of the ODE core and the speed table, and prints one JSON document: the devices, the
outcome of the tests, the table. Exit status 1 if a test fails.
"""

import json
import platform
import subprocess
import sys

import tensorflow as tf


def last_json_line(output: str) -> dict:
    """Reads the JSON document that a benchmark prints last."""
    return json.loads([line for line in output.splitlines() if line.startswith("{")][-1])


def main() -> int:
    """Runs both and prints the document."""
    python = sys.executable
    tests = subprocess.run(
        [python, "-m", "pytest", "tests/ode", "-q", "--no-header", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
    )
    speed = subprocess.run(
        [python, "-m", "tests.benchmarks.ode_training"], capture_output=True, text=True
    )
    document = {
        "schema": 1,
        "benchmark": "gpu",
        "devices": [
            {"name": device.name, **tf.config.experimental.get_device_details(device)}
            for device in tf.config.list_physical_devices()
        ],
        "tensorflow": tf.__version__,
        "built_with_cuda": tf.test.is_built_with_cuda(),
        "machine": platform.platform(),
        "tests": {
            "passed": tests.returncode == 0,
            "summary": tests.stdout.strip().splitlines()[-1] if tests.stdout.strip() else "",
            "failures": [x for x in tests.stdout.splitlines() if x.startswith("FAILED")],
        },
        "speed": last_json_line(speed.stdout)["results"] if speed.returncode == 0 else None,
        "speed_error": speed.stderr.strip()[-2000:] if speed.returncode else None,
    }
    print(json.dumps(document))
    return tests.returncode and 1


if __name__ == "__main__":
    sys.exit(main())
