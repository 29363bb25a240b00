"""The directory of one run: its settings, its provenance, its metrics, what it made."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nodelens.runtime.files import claim_directory, make_directory, write_text


@dataclass(frozen=True)
class RunDirectory:
    """One run's files.

    Attributes:
        path: The directory; it exists.
    """

    path: Path

    @classmethod
    def create(cls, command: str, chosen: str | Path | None, *, force: bool) -> "RunDirectory":
        """Makes the directory of a new run.

        Args:
            command: The subcommand; the default place is `runs/COMMAND/DATE-TIME-XXXX`.
            chosen: The place the user chose, if any.
            force: Whether a directory that holds something may be used.

        Raises:
            UsageError: If the place is taken or cannot be written to.
        """
        if chosen is None:
            stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
            chosen = Path("runs") / command / f"{stamp}-{secrets.token_hex(2)}"
        path = claim_directory(Path(chosen), force=force)
        # What an earlier run noted here must not be mistaken for this one's.
        (path / "metrics.jsonl").unlink(missing_ok=True)
        return cls(path)

    @property
    def figures(self) -> Path:
        """The folder of the pictures."""
        return make_directory(self.path / "figures")

    def write_json(self, name: str, document: dict[str, Any]) -> Path:
        """Writes a JSON document, whole or not at all."""
        path = self.path / name
        write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return path

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Appends one line to `metrics.jsonl` and flushes it."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
