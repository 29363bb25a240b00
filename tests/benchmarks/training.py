"""The whole command `train-ode` on the spiral, against the bare loop and against the peers.

    python -m tests.benchmarks.training [--quick]

prints a Markdown table and one JSON document: steps per second of whole runs, with validations and
checkpoints, counted from when all is compiled; of the same step in bare
loops of nodelens, diffrax and torchdiffeq (see `tests.benchmarks.ode_training`); the time from the
start to the first step beside what importing and compiling take; and the memory over a long run.
Peers that are not installed are left out.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tests.benchmarks.contest import Task, measure
from tests.benchmarks.ode_training.__main__ import CONTESTANTS

ADJOINTS = ("discrete", "backsolve")
RTOL, ATOL = 1e-3, 1e-4
IMPORT = "import nodelens.training.runs.run, nodelens.training.runs.prepare"


def command(directory: Path, adjoint: str, steps: int) -> list[str]:
    """A run on the work of the bare loops, with a tenth of the data held out."""
    settings = {
        "data.z0": "[[2.0, 0.0]]",
        "data.t_end": 25,
        "data.validation": "{fraction: 0.1, by: time}",
        "field.input_power": 3,
        "field.initialization": "small",
        "solver.rtol": RTOL,
        "solver.atol": ATOL,
        "adjoint.method": adjoint,
        "training.steps": steps,
        "training.window": 10,
        "training.optimizer": "rmsprop",
        "training.learning_rate": 1e-3,
        "training.schedule": "constant",
        "training.clip_norm": "null",
        "training.steps_per_call": 100,
        "output.figures": "false",
    }
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    return [sys.executable, "-m", "nodelens", "train-ode", *sets, "-q", "--out", str(directory)]


def run(adjoint: str, steps: int) -> dict[str, float]:
    """Runs the command; returns its speed, its times and its memory in MB."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "run"
        start = time.perf_counter()
        process = subprocess.Popen(command(directory, adjoint, steps), stdout=subprocess.DEVNULL)
        seen, first, memory = psutil.Process(process.pid), None, []
        while process.poll() is None:
            time.sleep(0.02)
            if first is None and _rows(directory):
                first = time.perf_counter() - start
            if first is not None:
                memory.append(_megabytes(seen))
        if process.returncode or first is None:
            raise SystemExit(f"train-ode ended with exit code {process.returncode}")
        rows = _rows(directory)
        report = json.loads((directory / "report.json").read_text())
    # From the first validation, which is compiled as well, to the end.
    begun, ended = next(row for row in rows if row["val_loss"] is not None), rows[-1]
    middle = [value for value in memory if value]
    tenth = max(1, len(middle) // 10)
    return {
        "steps_per_second": (ended["step"] - begun["step"]) / (ended["seconds"] - begun["seconds"]),
        "first_step_s": first,
        "compile_s": report["throughput"]["compile_seconds"],
        # At first buffers fill; at last the model is judged.
        "memory_early_mb": statistics.median(middle[tenth : 2 * tenth] or middle),
        "memory_late_mb": statistics.median(middle[-2 * tenth : -tenth] or middle),
    }


def _rows(directory: Path) -> list[dict[str, float]]:
    metrics = directory / "metrics.jsonl"
    if not metrics.is_file():
        return []
    # The last line may be half written.
    return [json.loads(line) for line in metrics.read_text().splitlines(True) if line[-1] == "\n"]


def _megabytes(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 1e6
    except psutil.Error:
        return 0.0


def import_seconds() -> float:
    """What importing takes by itself."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Runs everything and prints the tables and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer steps and repetitions")
    quick = parser.parse_args().quick
    steps, repeats, long = (1_000, 1, 5_000) if quick else (10_000, 3, 100_000)
    present = [c for c in CONTESTANTS if importlib.util.find_spec(c.requires)]
    bare = Task("spiral", "spiral", (RTOL, ATOL, 100), 100, 5 if quick else 15)
    loops = measure(bare, [c for c in present if c.name != "bare evaluations"])
    speed = {f"bare {name}": 1e3 / row["median_ms"] for name, row in loops.items()}
    importing = import_seconds()
    starts = {}
    for adjoint in ADJOINTS:
        runs = [run(adjoint, steps) for _ in range(repeats)]
        name = f"train-ode {adjoint}"
        speed[name] = statistics.median(row["steps_per_second"] for row in runs)
        starts[name] = {
            "first_step_s": statistics.median(row["first_step_s"] for row in runs),
            "import_s": importing,
            "compile_s": statistics.median(row["compile_s"] for row in runs),
        }
    memory = run("discrete", long)

    print("| who | steps/s |\n|---|---|")
    for name, value in speed.items():
        print(f"| {name} | {value:,.0f} |")
    for adjoint in ADJOINTS:
        share = speed[f"train-ode {adjoint}"] / speed[f"bare nodelens {adjoint}"]
        print(f"\ntrain-ode with {adjoint}: {share:.2f} of the bare loop")
    for name, row in starts.items():
        rest = row["first_step_s"] - row["import_s"] - row["compile_s"]
        print(
            f"{name}: first step after {row['first_step_s']:.1f} s, {rest:.1f} s more than "
            f"importing ({row['import_s']:.1f} s) and compiling ({row['compile_s']:.1f} s)"
        )
    print(
        f"memory over {long:,} steps: {memory['memory_early_mb']:,.0f} MB early, "
        f"{memory['memory_late_mb']:,.0f} MB late"
    )
    document = {"steps_per_second": speed, "start": starts, "memory": memory}
    print(json.dumps({"schema": 1, "benchmark": "training", "steps": long, **document}))


if __name__ == "__main__":
    main()
