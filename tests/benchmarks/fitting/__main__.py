"""The fit of a neural field to FitzHugh–Nagumo data: the command against a script for diffrax.

    python -m tests.benchmarks.fitting [--seeds 5] [--steps 2000] [--noise 0]

prints a Markdown table and one JSON document: medians over seeds of the mean absolute error over
the part trained on and over the last fifth, which is held out, each solved from the first state
alone, in standard deviations of the data; and the CPU seconds of the whole process, imports and
compilation included. Everybody has the same data, the same network (2, 50 tanh, 2), the same
number of steps and batch. "same recipe" takes the windows, the optimizer and the standardisation
that `node train-ode` chooses; "its guide" trains as the guide of diffrax does: AdaBelief at 3e-3,
the first tenth of the record for the first tenth of the steps, then all of it.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

END, POINTS, HELD_OUT = 100.0, 400, 0.2
BATCH, TOLERANCE = 20, 1e-3
HEADER = "t,v,w"


def write_data(path: Path, noise: float) -> None:
    """Writes a table of one trajectory, with noise in standard deviations."""

    def field(t: float, z: np.ndarray) -> list[float]:
        v, w = z
        return [v - v**3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)]

    times = np.linspace(0, END, POINTS)
    states = solve_ivp(field, (0, END), [-1.0, 1.0], t_eval=times, rtol=1e-9, atol=1e-9).y.T
    draw = np.random.default_rng(0).normal(size=states.shape)
    states = states + noise * states.std(axis=0) * draw
    np.savetxt(path, np.column_stack([times, states]), "%.8g", ",", header=HEADER, comments="")


def ours(data: Path, seed: int, steps: int) -> list[str]:
    """The command, with its defaults but for what all have in common."""
    settings = {
        "data": f"{{kind: csv, path: {data}, validation: {{fraction: {HELD_OUT}, by: time}}}}",
        "field.hidden": "[50]",
        "training.batch_size": BATCH,
        "solver.rtol": TOLERANCE,
        "solver.atol": TOLERANCE,
        "output.figures": "false",
        "seed": seed,
    }
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    out = str(data.parent / f"run{seed}")
    arguments = ["train-ode", *sets, "--steps", str(steps), "--out", out, "--force", "--json"]
    return [sys.executable, "-m", "nodelens", *arguments, "-q"]


def theirs(data: Path, seed: int, steps: int, recipe: str, window: int) -> list[str]:
    """The script."""
    numbers = (seed, steps, window)
    module = "tests.benchmarks.fitting.with_diffrax"
    return [sys.executable, "-m", module, str(data), recipe, *map(str, numbers)]


def measured(command: list[str]) -> tuple[str, float]:
    """Runs a command; returns its output and the seconds of CPU that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found.stdout, seconds


def main() -> None:
    """Fits with every seed, in turns, and prints the table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--noise", type=float, default=0.0, help="in standard deviations")
    arguments = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data.csv"
        write_data(data, arguments.noise)
        size = float(np.loadtxt(data, delimiter=",", skiprows=1)[:, 1:].std(axis=0).mean())
        plan = [*ours(data, 0, arguments.steps), "--dry-run"]
        window = json.loads(measured(plan)[0])["window"]
        for seed in range(arguments.seeds):
            commands = {"nodelens": ours(data, seed, arguments.steps)} | {
                f"diffrax, {recipe}": theirs(data, seed, arguments.steps, recipe, window)
                for recipe in ("same recipe", "its guide")
            }
            for who, command in commands.items():
                text, seconds = measured(command)
                found = json.loads(text.splitlines()[-1] if who != "nodelens" else text)
                final = found.get("final", found)
                row = {
                    "trained": final["trajectory_error"] / size,
                    "held_out": final["extrapolation_error"] / size,
                    "cpu_s": seconds,
                }
                results.setdefault(who, []).append(row)
                print(who, seed, {key: round(value, 4) for key, value in row.items()}, flush=True)
    print(f"\nwindows of {window} points\n")
    print("| who | trained on | held out | CPU s |\n|---|---|---|---|")
    medians = {
        who: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        for who, rows in results.items()
    }
    for who, row in medians.items():
        print(f"| {who} | {row['trained']:.4f} | {row['held_out']:.4f} | {row['cpu_s']:.1f} |")
    print(json.dumps({"schema": 1, "benchmark": "fitting", "rows": results, "medians": medians}))


if __name__ == "__main__":
    main()
