"""Runs of `train-ode` killed at random moments of their whole life, conclusion included.

    python -m tests.benchmarks.kills [--kills 60] [--seed 0]

Each run is killed (SIGKILL) and resumed, killed and resumed, until it ends. It must then have the
same files as a run left in peace, the same weights, checkpoints, metrics and figures bit for bit,
and the same report but for its clocks. Half of the kills come at a random time of the life of a
run, half within milliseconds of the moment at which a random one of its files is written, because
little time is spent there and much may go wrong. Prints a table to stderr and one JSON document;
ends with 1 if a run differs.
"""

import argparse
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.training.killed_runs import Trainings, differences, files, overrides

# Small enough to be quick; each step of the way into the conclusion is there all the same.
COMMON = {"training.steps": "600", "training.schedule": "cosine", "training.optimizer": "adam"}
CALLS = {"training.steps_per_call": "5", "training.checkpoint_every": "10"}
ANNULI = {
    "data": "{kind: annuli, samples: 60}",
    "field": "{kind: mlp, hidden: [4], augment: 1}",
    "solver": "{method: heun_euler, rtol: 1.0e-2, atol: 1.0e-2}",
    "adjoint.method": "discrete",
    "training.batch_size": "8",
}
PROBLEMS = {
    "trajectories": {
        "field": "{kind: hybrid, equations: {x: v, v: a*x}, parameters: {a: -0.5}}",
        "data": "{kind: simulated, system: harmonic_oscillator, points: 50, noise: 0.1,"
        " validation: {fraction: 0.2}}",
        "solver.method": "heun_euler",
        "adjoint.method": "discrete",
        "training.window": "3",
        "training.batch_size": "4",
        "training.validate_every": "20",
    },
    "samples": ANNULI,
    "samples against another": {**ANNULI, "against": "{kind: mlp, hidden: [4]}"},
    "stopped early": {
        **ANNULI,
        "training.learning_rate": "1.0",
        "training.validate_every": "20",
        "training.early_stopping": "{patience: 3}",
    },
}
STAGES = (
    "not begun",
    "no checkpoint",
    "training",
    "trained, no model",
    "no figure",
    "some figures",
    "no page",
    "no report",
    "complete",
)
ALREADY_COMPLETE = 2


@dataclass
class Chain:
    """A run that was killed and resumed until it ended.

    Attributes:
        problem: The name of the problem.
        stages: What its directory held at each kill.
        leftovers: The temporary files that the kills left.
        wrong: What is wrong with it in the end; empty if nothing is.
    """

    problem: str
    stages: list[str] = field(default_factory=list)
    leftovers: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Prints the tables, and returns 1 if a run is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments, chains = random.Random(given.seed), []
    with tempfile.TemporaryDirectory() as place:
        trainings = Trainings(Path(place))
        for index, (name, settings) in enumerate(PROBLEMS.items()):
            share = given.kills // len(PROBLEMS) + (index < given.kills % len(PROBLEMS))
            chains += _chains(trainings, Path(place), name, settings, share, moments)
    _print(chains)
    return int(any(chain.wrong for chain in chains))


def _chains(
    trainings: Trainings,
    place: Path,
    problem: str,
    settings: dict[str, str],
    kills: int,
    moments: random.Random,
) -> list[Chain]:
    words = overrides({**COMMON, **CALLS, **settings})
    reference = place / "reference"
    for _ in range(2):  # the first one fills the cache of XLA, the second one has a usual length
        shutil.rmtree(reference, ignore_errors=True)
        began = time.monotonic()
        process = trainings.start("--out", str(reference), *words)
        process.join()
        life = time.monotonic() - began
        if process.exitcode:
            raise SystemExit(f"{problem}: the run left in peace ended with {process.exitcode}")
    chains: list[Chain] = []
    while sum(len(chain.stages) for chain in chains) < kills:
        left = kills - sum(len(chain.stages) for chain in chains)
        chain = Chain(problem)
        chains.append(chain)
        directory = place / "killed"
        shutil.rmtree(directory, ignore_errors=True)
        while True:
            begun = (directory / "config.resolved.yaml").exists()
            start = ["--resume", str(directory)] if begun else ["--out", str(directory), *words]
            complete = _stage(directory, reference) == "complete"
            process = trainings.start(*start)
            if len(chain.stages) < left and _killed(process, directory, reference, life, moments):
                chain.stages.append(_stage(directory, reference))
                chain.leftovers += sum(".unfinished" in name for name in files(directory))
                continue
            process.join()
            # A kill between the last file and the end of the process leaves a complete run.
            if process.exitcode and not (complete and process.exitcode == ALREADY_COMPLETE):
                chain.wrong.append(f"exit {process.exitcode}: {trainings.log.read_text()[-300:]}")
            break
        chain.wrong += differences(directory, reference)
        print(f"{problem}: {chain}", file=sys.stderr, flush=True)
    return chains


def _killed(
    process: ForkServerProcess,
    directory: Path,
    reference: Path,
    life: float,
    moments: random.Random,
) -> bool:
    """Kills a process at a random moment; False if it has ended before."""
    if moments.random() < 0.5:
        process.join(moments.uniform(0, life))
    else:
        name = moments.choice(sorted(files(reference)))
        before = _writings(directory / name)
        while process.exitcode is None and _writings(directory / name) == before:
            time.sleep(0.0005)
        time.sleep(moments.uniform(0, 0.005))
    if process.exitcode is not None:
        return False
    process.kill()
    process.join()
    return True


def _writings(path: Path) -> set[tuple[str, int]]:
    """What changes when a file begins to be written, and when it is."""
    try:
        names = [entry for entry in os.scandir(path.parent) if path.stem in entry.name]
        return {(entry.name, entry.stat().st_mtime_ns) for entry in names}
    except FileNotFoundError:
        return set()


def _stage(directory: Path, reference: Path) -> str:
    """How far a run has come, by the files that it has."""
    figures = {path.name for path in (reference / "figures").iterdir()}
    drawn = {path.name for path in (directory / "figures").glob("*.png")} & figures
    checkpoints = sorted(path.name for path in (reference / "checkpoints").iterdir())
    here = [path.name for path in (directory / "checkpoints").glob("step-*.npz")]
    has_come = [
        (directory / "config.resolved.yaml").exists(),
        bool(here),
        checkpoints[-1] in here,
        (directory / "model.keras").exists(),
        bool(drawn),
        drawn == figures,
        (directory / "report.html").exists(),
        (directory / "report.json").exists(),
    ]
    return STAGES[has_come.index(False)] if False in has_come else STAGES[-1]


def _print(chains: list[Chain]) -> None:
    stages = collections.Counter(stage for chain in chains for stage in chain.stages)
    rows = []
    for problem in dict.fromkeys(chain.problem for chain in chains):
        own = [chain for chain in chains if chain.problem == problem]
        rows.append(
            {
                "problem": problem,
                "runs": len(own),
                "kills": sum(len(chain.stages) for chain in own),
                "temporary files left": sum(chain.leftovers for chain in own),
                "runs that differ": sum(bool(chain.wrong) for chain in own),
            }
        )
    lines = [" | ".join(rows[0]), " | ".join("---" for _ in rows[0])]
    lines += [" | ".join(str(value) for value in row.values()) for row in rows]
    lines += ["", "at the kill | kills", "--- | ---"]
    lines += [f"{stage} | {stages[stage]}" for stage in STAGES]
    print("\n".join(lines), file=sys.stderr)
    wrong = {chain.problem: chain.wrong for chain in chains if chain.wrong}
    document = {"benchmark": "kills", "problems": rows, "stages": stages, "wrong": wrong}
    print(json.dumps({"schema": 1, **document}))


if __name__ == "__main__":
    sys.exit(main())
