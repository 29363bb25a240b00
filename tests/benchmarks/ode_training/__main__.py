"""Training steps and gradients against diffrax and torchdiffeq, in one run on the same work.

    python -m tests.benchmarks.ode_training [--quick] [--only TEXT] [--small-loops both|neither]

prints a Markdown table and one JSON document: medians of several repetitions, taken in turns so
that a busy machine is busy for all. Each contestant lives in a process of its own: frameworks in
one process disturb each other. Peers that are not installed are left out. XLA's option for small
loops, which nodelens sets by itself, is given to everybody who compiles with XLA, or to nobody.
"""

import argparse
import importlib.util
import json
import os

from tests.benchmarks.contest import Contestant, Task, measure

from nodelens.ode.xla_flags import LIMIT, XLA_DEFAULT, ask_for_small_loops

HERE = "tests.benchmarks.ode_training."
CONTESTANTS = (
    Contestant("nodelens discrete", HERE + "ours", "discrete"),
    Contestant("nodelens backsolve", HERE + "ours", "backsolve"),
    Contestant("bare evaluations", HERE + "ours", "bare"),
    Contestant("diffrax recursive", HERE + "with_diffrax", "RecursiveCheckpointAdjoint", "diffrax"),
    Contestant("diffrax backsolve", HERE + "with_diffrax", "BacksolveAdjoint", "diffrax"),
    Contestant("torchdiffeq adjoint", HERE + "with_torchdiffeq", "adjoint", "torchdiffeq", 0.3),
)
# Who has no such function.
ABSENT = {"spiral": ("bare evaluations",), "gradient": ("torchdiffeq adjoint",)}
SMALL = ((4, 32, 4), 64, 10.0)
LARGE = ((64, 1024, 1024, 64), 512, 1.0)
SMALL_ACTIVATIONS, LARGE_ACTIVATIONS = ("softplus", "tanh"), ("tanh", "tanh", None)


def tasks(quick: bool) -> list[Task]:
    """The speed table."""
    steps, rounds, calls = (20, 3, 20) if quick else (100, 15, 200)
    return [
        *[
            Task(
                f"spiral training step, rtol {rtol:g}", "spiral", (rtol, atol, steps), steps, rounds
            )
            for rtol, atol in ((1e-3, 1e-4), (1e-6, 1e-7))
        ],
        *[
            Task(
                f"gradient of a small field, tol {tolerance:g}",
                "gradient",
                (*SMALL, tolerance, SMALL_ACTIVATIONS),
                1,
                calls,
            )
            for tolerance in (1e-3, 1e-6)
        ],
        Task(
            "gradient of a large field, tol 0.001",
            "gradient",
            (*LARGE, 1e-3, LARGE_ACTIVATIONS),
            1,
            3 if quick else 7,
        ),
    ]


def main() -> None:
    """Runs everything and prints the table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer steps and repetitions")
    parser.add_argument("--only", default="", metavar="TEXT", help="tasks with this in their title")
    parser.add_argument("--small-loops", choices=("both", "neither"), default="both")
    arguments = parser.parse_args()
    os.environ.pop("XLA_FLAGS", None)
    # The processes of the contestants inherit it; nodelens lets it stand.
    ask_for_small_loops(LIMIT if arguments.small_loops == "both" else XLA_DEFAULT)
    present = [c for c in CONTESTANTS if importlib.util.find_spec(c.requires)]
    results = {}
    for task in tasks(arguments.quick):
        if arguments.only not in task.title:
            continue
        able = [c for c in present if c.name not in ABSENT[task.function]]
        results[task.title] = measure(task, able)
        print(f"\n### {task.title}\n\n| who | median ms | best ms | compile s | loss |")
        print("|---|---|---|---|---|")
        for name, row in results[task.title].items():
            print(
                f"| {name} | {row['median_ms']} | {row['best_ms']} | {row['compile_s']} "
                f"| {row['result']:.6g} |",
                flush=True,
            )
    print(
        json.dumps(
            {
                "schema": 1,
                "benchmark": "ode_training",
                "small_loops": arguments.small_loops,
                "results": results,
            }
        )
    )


if __name__ == "__main__":
    main()
