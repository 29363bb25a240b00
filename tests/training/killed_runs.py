"""Runs of `train-ode` that can be killed, and the comparison of what two of them leave."""

import io
import json
import multiprocessing
import os
import zipfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nodelens.entry import run

# What two runs of one training do not share: clocks, memory, and who wrote a file when.
TIMED = {"seconds", "steps_per_second", "memory_bytes"}
OF_THE_PROCESS = {".lock", "origins.json", "provenance.json"}


def overrides(settings: Mapping[str, str]) -> list[str]:
    """The words of the command line that set these settings."""
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


class Trainings:
    """Runs of `train-ode`, each in a process of its own that has TensorFlow imported already.

    Args:
        place: A directory for what XLA has compiled, so that no process compiles it anew, and for
            what the last process said.
    """

    def __init__(self, place: Path) -> None:
        self.log = place / "log.txt"
        self._flags = f"--tf_xla_persistent_cache_directory={place / 'cache'} "
        self._flags += "--tf_xla_persistent_cache_device_types=CPU"
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["nodelens.training.runs.run", "nodelens.entry"])

    def start(self, *arguments: str) -> ForkServerProcess:
        """Starts a run."""
        words = ["train-ode", "-q", *arguments]
        process = self._context.Process(target=_run, args=(words, self._flags, self.log))
        process.start()
        return process


def _run(words: list[str], flags: str, log: Path) -> None:
    os.environ["TF_XLA_FLAGS"] = flags
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)  # the cache is talkative
    raise SystemExit(run(words))


def rows(directory: Path) -> list[dict[str, Any]]:
    """The metrics that two runs of the same training have in common."""
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMED} for line in lines]


def arrays(checkpoint: Path) -> dict[str, bytes]:
    """Everything that a checkpoint holds."""
    with np.load(checkpoint) as file:
        return {name: file[name].tobytes() for name in file.files}


def weights(model: Path) -> dict[str, bytes]:
    """The weights of a saved model, by their place in its file."""
    found: dict[str, bytes] = {}

    def collect(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    content = zipfile.ZipFile(model).read("model.weights.h5")
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(collect)
    assert found
    return found


class _Reader:
    """The content of the files of a run, without clocks and the names of both run directories.

    Args:
        directory: The run directory.
        other: The one that it is compared with.
    """

    def __init__(self, directory: Path, other: Path) -> None:
        self._directory = directory
        names = (str(directory), str(other))
        self._names = sorted(names, key=len, reverse=True)  # one may begin with the other

    def content(self, name: str) -> object:
        """What a file must have in common with that of another run of the same training."""
        file = self._directory / name
        if file.name in OF_THE_PROCESS:
            return None
        if file.name == "report.json":
            return _without_clocks(json.loads(self._text(file)))
        if file.name == "metrics.jsonl":
            return rows(file.parent)
        if file.suffix == ".keras":
            return weights(file)
        if file.parent.name == "checkpoints":
            return arrays(file)
        if file.suffix in {".md", ".html", ".yaml"}:
            return self._text(file)
        return file.read_bytes()

    def _text(self, file: Path) -> str:
        text = file.read_text()
        for name in self._names:
            text = text.replace(name, "DIRECTORY")
        return "\n".join(line for line in text.splitlines() if "steps/s" not in line)


def _without_clocks(report: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_clocks(value) if key == "against" else value
        for key, value in report.items()
        if key != "throughput"
    }


def files(directory: Path) -> set[str]:
    """The names of all files of a run, hidden ones among them."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def differences(directory: Path, other: Path) -> list[str]:
    """The files in which two runs of one training differ, clocks apart, or that one lacks."""
    names, theirs = files(directory), files(other)
    ours, others = _Reader(directory, other), _Reader(other, directory)
    differing = [name for name in names & theirs if ours.content(name) != others.content(name)]
    return sorted([*(names ^ theirs), *differing])
