"""Verifies the ODE core, trainings and explanations on whatever device TensorFlow sees.

    python -m tests.benchmarks.gpu [--quick]

runs the tests of the ODE core, the conformance list, the speed table, `explain_device` (pictures a
second of VGG19 and ResNet50, and their maps beside the CPU's) and `train_device` (the spiral and
the digits, trained there and on the CPU), and prints one JSON document: the devices, and what each
of these says. Exit status 1 if a test or a problem of the list fails, maps or losses differ, or the
table cannot be made. `--quick` leaves out the tests and repeats the measurements
less often.
"""

import argparse
import json
import platform
import subprocess
import sys
from typing import Any

import tensorflow as tf


def run_tests() -> dict[str, Any]:
    """Runs the tests of the ODE core in a process of their own."""
    command = ["pytest", "tests/ode", "-q", "--no-header", "-p", "no:cacheprovider"]
    run = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    lines = run.stdout.strip().splitlines()
    return {
        "passed": run.returncode == 0,
        "summary": lines[-1] if lines else run.stderr.strip()[-2000:],
        "failures": [line for line in lines if line.startswith("FAILED")],
    }


def run_benchmark(name: str, *arguments: str) -> dict[str, Any]:
    """Runs a benchmark in a process of its own; returns its JSON document, or its error."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    documents = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if not documents:
        return {"passed": False, "error": run.stderr.strip()[-2000:]}
    return {"passed": run.returncode == 0, **json.loads(documents[-1])}


def main() -> int:
    """Runs everything and prints the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no tests, fewer repetitions")
    quick = parser.parse_args().quick
    parts = {} if quick else {"tests": run_tests()}
    parts["conformance"] = run_benchmark("conformance")
    parts["explanations"] = run_benchmark("explain_device", *(["--quick"] if quick else []))
    parts["training"] = run_benchmark("train_device", *(["--quick"] if quick else []))
    parts["speed"] = run_benchmark("ode_training", *(["--quick"] if quick else []))
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
        **parts,
    }
    print(json.dumps(document))
    return int(not all(part["passed"] for part in parts.values()))


if __name__ == "__main__":
    sys.exit(main())
