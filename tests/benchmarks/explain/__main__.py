"""Explanations against a bare forward pass and pytorch-grad-cam, in one run on the same networks.

    python -m tests.benchmarks.explain [--quick] [--only TEXT]

prints Markdown tables and one JSON document: times in milliseconds for one picture, medians and
best of several repetitions, taken in turns so that a busy machine is busy for all. Each contestant
lives in a process of its own. pytorch-grad-cam (the extra `bench`) is left out if not installed.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from tests.benchmarks.contest import Contestant, Task, measure

OURS, PEER = "tests.benchmarks.explain.ours", "tests.benchmarks.explain.with_pytorch_grad_cam"
PEER_PACKAGE = "pytorch_grad_cam"
BATCH = 8


def tasks(quick: bool) -> list[tuple[Task, list[Contestant]]]:
    """What is measured, and who does it."""
    rounds = 3 if quick else 11
    found = []
    for network in ("vgg19", "resnet50"):
        for size in (1, BATCH):
            share = 1.0 if size == 1 else 0.5
            work = Task(f"{network}, batch of {size}", "explained", (network, size), size, rounds)
            able = [
                Contestant("one class", OURS, "1", rounds=share),
                Contestant("best five classes", OURS, "5", rounds=share),
                Contestant("pytorch-grad-cam", PEER, "", PEER_PACKAGE, share / 2),
            ]
            if size == 1:
                able.append(Contestant("ablationcam", OURS, "ablationcam", rounds=0.5))
            base = [Contestant("forward", OURS, "", rounds=share, function="forward")]
            base += [Contestant("torch forward", PEER, "", PEER_PACKAGE, share / 2, "forward")]
            found.append((work, base + able))
        count = BATCH * (2 if quick else 5)
        work = Task(
            f"{network}, directory of {count}",
            "directory",
            (network, BATCH, count),
            count,
            max(2, rounds // 3),
        )
        ways = ("bare", "raw", "all")
        found.append((work, [Contestant(f"directory, {way}", OURS, way) for way in ways]))
    return found


def cold_start(rounds: int) -> dict[str, float]:
    """Seconds of the command for one picture, and of what it cannot do without."""
    load = (
        "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "import tensorflow\n"
        "from nodelens.explaining.model.loading import load_classifier\n"
        "from nodelens.explaining.settings import ModelSettings\n"
        "load_classifier(ModelSettings(weights='embedded'))"
    )
    calls = {
        "import tensorflow and load the model": ["-c", load],
        "gradcam cat.jpg": ["-m", "nodelens", "gradcam", "cat.jpg", "--weights", "embedded"],
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, arguments in calls.items():
            with tempfile.TemporaryDirectory() as place:
                start = time.perf_counter()
                command = [sys.executable, *arguments]
                subprocess.run(command, cwd=place, capture_output=True, check=True, env=os.environ)
                times[name].append(time.perf_counter() - start)
    bare, command = (min(values) for values in times.values())
    found = {name: round(median(values), 2) for name, values in times.items()}
    return found | {"difference of the best": round(command - bare, 2)}


def main() -> None:
    """Runs everything and prints the tables and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--only", default="", metavar="TEXT", help="tasks with this in their title")
    arguments = parser.parse_args()
    results = {}
    for task, contestants in tasks(arguments.quick):
        if arguments.only not in task.title:
            continue
        present = [c for c in contestants if importlib.util.find_spec(c.requires)]
        results[task.title] = rows = measure(task, present)
        base = next(iter(rows.values()))
        print(f"\n### {task.title}\n\n| who | median ms | best ms | ratio | peak MiB |")
        print("|---|---|---|---|---|")
        for name, row in rows.items():
            row["ratio"] = round(row["best_ms"] / base["best_ms"], 3)
            print(
                f"| {name} | {row['median_ms']} | {row['best_ms']} | {row['ratio']} "
                f"| {row['peak_mib']} |",
                flush=True,
            )
    document = {"schema": 1, "benchmark": "explain", "results": results}
    if arguments.only in "cold start":
        document["cold_start"] = cold_start(2 if arguments.quick else 5)
        print("\n### cold start\n")
        for name, seconds in document["cold_start"].items():
            print(f"{name}: {seconds} s")
    print(json.dumps(document))


if __name__ == "__main__":
    main()
