"""The directory of one run: its settings, provenance, metrics, checkpoints and results."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nodelens.errors import EnvironmentLacksError, UsageError
from nodelens.runtime.files import (
    claim_directory,
    clear_unfinished,
    make_directory,
    unfinished,
    write_text,
)


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run.

    Attributes:
        path: The directory; it exists.
    """

    path: Path

    @classmethod
    def create(cls, command: str, chosen: str | Path | None, *, force: bool) -> "RunDirectory":
        """Makes the directory of a new run.

        Args:
            command: The subcommand; the default place is `runs/COMMAND/DATE-TIME-CODE`.
            chosen: The place the user chose, if any.
            force: True to use a directory that is not empty.

        Raises:
            UsageError: If the place is taken or cannot be written to.
        """
        if chosen is None:
            stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
            chosen = Path("runs") / command / f"{stamp}-{secrets.token_hex(2)}"
        path = Path(chosen)
        return cls(claim_directory(path, force=force or _only_claimed(path)))

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """Opens the directory of an earlier run.

        Raises:
            UsageError: If it is none.
        """
        if not (path / "config.resolved.yaml").is_file():
            raise UsageError(
                f"{path} is no run directory: it has no config.resolved.yaml",
                hint="give the directory that `train-ode` named when the run began; a run that was "
                "stopped before that begins with the same command as at first",
            )
        return cls(path)

    @property
    def config(self) -> Path:
        """The settings of the run."""
        return self.path / "config.resolved.yaml"

    @property
    def provenance(self) -> Path:
        """The record that allows the run to be repeated."""
        return self.path / "provenance.json"

    @property
    def metrics(self) -> Path:
        """The metrics, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def model(self) -> Path:
        """The trained field."""
        return self.path / "model.keras"

    @property
    def summary(self) -> Path:
        """The facts about the data that predictions use."""
        return self.path / "data_summary.npz"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def events(self) -> Path:
        """The folder of the event files for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def report(self) -> Path:
        """The result; of all files of a run it is written last."""
        return self.path / "report.json"

    @property
    def page(self) -> Path:
        """The result for a reader, as Markdown."""
        return self.path / "report.md"

    @property
    def html(self) -> Path:
        """The same as HTML."""
        return self.path / "report.html"

    @property
    def against(self) -> "RunDirectory":
        """The run of the baseline model; its directory may not exist."""
        return RunDirectory(self.path / "against")

    @property
    def figures(self) -> Path:
        """The folder of the figures, which is made if it is missing."""
        return make_directory(self.path / "figures")

    def clear(self) -> None:
        """Removes what an earlier run left here, so that it is not mistaken for the new one's."""
        # The settings go first: without them nothing of the rest can be resumed.
        self.config.unlink(missing_ok=True)
        figures = (self.path / "figures").glob("*.png")
        results = (self.report, self.page, self.html, self.model, self.metrics)
        for old in (*results, *figures, *self.checkpoints.glob("*.npz")):
            old.unlink(missing_ok=True)
        if self.against.path.is_dir():
            self.against.clear()

    def clear_unfinished(self) -> None:
        """Removes the unfinished files of a process that was killed while it wrote here."""
        for folder in (self.path, self.checkpoints, self.path / "figures"):
            clear_unfinished(folder)

    def write_json(self, name: str, document: dict[str, Any]) -> Path:
        """Writes a JSON document, whole or not at all."""
        path = self.path / name
        write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return path

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Appends one line to the metrics and flushes it."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def read_metrics(self) -> list[dict[str, Any]]:
        """Reads all metrics there are."""
        if not self.metrics.exists():
            return []
        text = self.metrics.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def keep_metrics(self, steps: int) -> None:
        """Drops the metrics of all steps after `steps`, which will be taken again."""
        if not self.metrics.exists():
            return
        kept = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= steps:
                    kept.append(line + "\n")
            except ValueError:  # a line that was cut off when the process was killed
                break
        write_text(self.metrics, "".join(kept))

    @property
    def trained(self) -> bool:
        """True if steps were taken here, be it by the baseline model."""
        here = self.metrics.exists() and self.metrics.stat().st_size > 0
        return here or (self.against.path.is_dir() and self.against.trained)

    @contextmanager
    def undo_if_refused(self) -> Iterator[None]:
        """Removes again what the block has made here if it ends in a usage error.

        So it does if the environment lacks something before the run has begun. Where something
        has been trained, nothing is removed.
        """
        before = set(self.path.rglob("*"))
        try:
            yield
        except (UsageError, EnvironmentLacksError) as error:
            begun = self.config.exists() or not self.path.exists()
            if self.trained or (begun and isinstance(error, EnvironmentLacksError)):
                raise
            # The deepest first, so that folders are empty when their turn comes.
            for path in sorted(set(self.path.rglob("*")) - before, reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            if not before:
                self.path.rmdir()
            raise

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes out of the directory.

        Raises:
            UsageError: If another process is in it.
        """
        with (self.path / ".lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                raise UsageError(
                    f"{self.path} is in use by another process ({file.read().strip() or 'unknown'})"
                ) from error
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield


def _only_claimed(path: Path) -> bool:
    """True if all that a directory holds is from a run that was killed before it began."""
    started = {path / ".lock", *unfinished(path)}
    return path.is_dir() and set(path.iterdir()) <= started
