"""Trains the spiral and the digits on the device that TensorFlow sees, and again on the CPU.

    python -m tests.benchmarks.train_device [--quick]

prints one JSON document: for each example the steps a second on both, and how far the losses of the
first step and at the end are apart. The same seed draws the same weights and batches everywhere, so
that only rounding differs: at first by little, later by what training makes of it. Exit status 1 if
a loss differs by more than its limit.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

STEPS = {"spiral": 2000, "digits": 300}
QUICK = {"spiral": 300, "digits": 60}
FIRST, LAST = 1e-3, 0.25  # relative to the loss on the CPU


def train(example: str, steps: int, device: str) -> dict[str, Any]:
    """Trains an example; returns its report and the device that it was trained on."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "run"
        command = [sys.executable, "-m", "nodelens", "train-ode", "-c", example, "--json", "-q"]
        command += ["--steps", str(steps), "--device", device, "--out", str(directory)]
        command += ["--set", "output.figures=false"]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"{example} on {device}: {run.stderr.strip()[-2000:]}")
        provenance = json.loads((directory / "provenance.json").read_text())
    return {**json.loads(run.stdout), "device": provenance["device"]}


def compare(example: str, steps: int) -> dict[str, Any]:
    """Trains an example on both and sets the runs side by side."""
    here, cpu = (train(example, steps, device) for device in ("auto", "cpu"))

    def apart(part: str) -> float:
        found, expected = (run[part]["train_loss"] for run in (here, cpu))
        return abs(found - expected) / expected

    first, last = apart("initial"), apart("final")
    return {
        "device": here["device"],
        "steps": steps,
        "steps_per_second": here["throughput"]["steps_per_second"],
        "steps_per_second_cpu": cpu["throughput"]["steps_per_second"],
        "first_loss_apart": first,
        "last_loss_apart": last,
        "passed": first <= FIRST and last <= LAST,
    }


def main() -> int:
    """Trains everything and prints the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    lengths = QUICK if parser.parse_args().quick else STEPS
    examples = {example: compare(example, steps) for example, steps in lengths.items()}
    passed = all(row["passed"] for row in examples.values())
    document = {"schema": 1, "benchmark": "train_device", "passed": passed, "examples": examples}
    print(json.dumps(document))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
