"""Checkpoints: files from which a training continues as if it had never stopped."""

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.runtime.files import write_arrays
from nodelens.runtime.provenance import sha256_of_bytes
from nodelens.training.loop.state import Best, Guard, Totals, TrainingState

KEEP = 2
# What reading a damaged file raises. `RuntimeError` and its kin say that it seems to be encrypted,
# or written by a version to come; `MemoryError`, that an array seems to be enormous.
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run.

    Attributes:
        directory: The directory of the checkpoints; it exists.
    """

    directory: Path

    def save(self, state: TrainingState) -> None:
        """Writes a checkpoint, whole or not at all, and removes all but the newest ones."""
        path = self.directory / f"step-{state.step:09d}.npz"
        arrays = _to_arrays(state)
        write_arrays(path, {**arrays, "digest": _digest(arrays)})
        for old in self.paths()[:-KEEP]:
            old.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """Returns the checkpoints, the oldest first."""
        return sorted(self.directory.glob("step-*.npz"))

    def newest(self) -> tuple[TrainingState | None, list[Path]]:
        """Reads the newest checkpoint that is whole.

        Returns:
            The state, None if there is no whole checkpoint, and the damaged files passed over.
        """
        damaged: list[Path] = []
        for path in reversed(self.paths()):
            try:
                return _from_arrays(_read(path)), damaged
            except DAMAGE:
                damaged.append(path)
        return None, damaged


def _read(path: Path) -> dict[str, np.ndarray]:
    """Reads all arrays, and raises one of `DAMAGE` if they are not what was saved."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if not np.array_equal(arrays.pop("digest"), _digest(arrays)):
        raise ValueError("the content does not have its digest")
    return arrays


def _digest(arrays: dict[str, Any]) -> np.ndarray:
    """The SHA-256 of names, types, shapes and values.

    The checksums of the format guard each array by itself: not its name, nor that it is there.
    """
    parts = []
    for name in sorted(arrays):
        value = np.asarray(arrays[name])
        parts += [f"{name} {value.dtype} {value.shape}".encode(), value.tobytes()]
    return np.frombuffer(bytes.fromhex(sha256_of_bytes(*parts)), np.uint8)


def _to_arrays(state: TrainingState) -> dict[str, Any]:
    best = {f"best_{name}": value for name, value in vars(state.best).items() if name != "weights"}
    return {
        "step": state.step,
        "losses": state.losses,
        **vars(state.totals),
        **best,
        **{f"guard_{name}": value for name, value in vars(state.guard).items()},
        **_numbered("weights", state.weights),
        **_numbered("optimizer", state.optimizer),
        **_numbered("best", state.best.weights),
    }


def _from_arrays(arrays: dict[str, np.ndarray]) -> TrainingState:
    def scalars(kind: type, prefix: str) -> dict[str, Any]:
        """The fields of a dataclass that are plain numbers."""
        names = [each.name for each in fields(kind) if each.type in (int, float)]
        # A checkpoint of an earlier version has no number of examples that were left out.
        known = [name for name in names if name != "left_out" or prefix + name in arrays]
        return {name: arrays[prefix + name].item() for name in known}

    best = _collected("best", arrays)
    return TrainingState(
        step=int(arrays["step"]),
        weights=_collected("weights", arrays),
        optimizer=_collected("optimizer", arrays),
        losses=arrays["losses"],
        totals=Totals(**scalars(Totals, "")),
        best=Best(**scalars(Best, "best_"), weights=best),
        guard=Guard(**scalars(Guard, "guard_")),
    )


def _numbered(name: str, values: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    return {f"{name}/{index:04d}": value for index, value in enumerate(values)}


def _collected(name: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(arrays[key] for key in sorted(arrays) if key.startswith(f"{name}/"))
