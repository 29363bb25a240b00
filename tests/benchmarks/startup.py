"""How long the light calls take, beside `python -c pass`: `python -m tests.benchmarks.startup`."""

import json
import statistics
import subprocess
import sys
import time

CALLS = {
    "python -c pass": ["-c", "pass"],
    "--help": ["-m", "nodelens", "--help"],
    "gradcam --help": ["-m", "nodelens", "gradcam", "--help"],
    "--version": ["-m", "nodelens", "--version"],
    "conv-params": ["-m", "nodelens", "conv-params", "200", "200", "3", "-f", "10", "-k", "5"],
    "usage error": ["-m", "nodelens", "train-od"],
    "config error": ["-m", "nodelens", "train-ode", "--set", "trainig.steps=3"],
    "import tensorflow": ["-c", "import tensorflow"],
}
REPEATS = 11


def seconds(arguments: list[str], repeats: int) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Prints a table to stderr and JSON to stdout."""
    rows = {
        name: seconds(arguments, 3 if "tensorflow" in name else REPEATS)
        for name, arguments in CALLS.items()
    }
    base = rows["python -c pass"]
    for name, value in rows.items():
        print(f"{name:20s} {value:7.3f} s   +{value - base:6.3f} s", file=sys.stderr)
    print(json.dumps({"benchmark": "startup", "repeats": REPEATS, "seconds": rows}, indent=2))


if __name__ == "__main__":
    main()
