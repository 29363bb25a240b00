"""The facts about its data that a run directory holds, so that it predicts without the data."""

import zipfile
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from nodelens.errors import UsageError
from nodelens.runtime.files import write_arrays


class DataSummary:
    """A frozen dataclass of arrays and names, stored as an NPZ file without what is None."""

    def write(self, path: Path) -> None:
        """Writes the file, whole or not at all."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        arrays = {
            name: np.asarray(value, str if isinstance(value, tuple) else None)
            for name, value in values.items()
            if value is not None
        }
        write_arrays(path, arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads the file.

        Raises:
            UsageError: If it is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                # Earlier versions wrote fewer of them.
                values: dict[str, Any] = {
                    each.name: arrays[each.name]
                    for each in fields(cls)  # type: ignore[arg-type]
                    if each.name in arrays or each.default is MISSING
                }
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise UsageError(
                f"{path} is damaged: {error}",
                hint="remove it, and the data of the run is read instead",
            ) from error
        names = {name: tuple(v.tolist()) for name, v in values.items() if v.dtype.kind == "U"}
        return cls(**{**values, **names})
