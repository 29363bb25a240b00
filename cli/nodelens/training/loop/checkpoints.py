"""Checkpoints: files from which a training continues as if it had never stopped."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.runtime.files import atomic_path
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
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            arrays = _to_arrays(state)
            np.savez(file, **arrays, digest=_digest(arrays))
        for old in self.paths()[:-KEEP]:
            old.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """Returns the checkpoints, the oldest first."""
        return sorted(self.directory.glob("step-*.npz"))

    def clear_unfinished(self) -> None:
        """Removes the unfinished file of a process that was killed while it saved."""
        for path in self.directory.glob(".step-*.npz"):
            path.unlink()

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
    return {
        "step": state.step,
        "losses": state.losses,
        "nfe_forward": state.totals.nfe_forward,
        "nfe_backward": state.totals.nfe_backward,
        "drift": state.totals.drift,
        "best_step": state.best.step,
        "best_loss": state.best.loss,
        "best_waited": state.best.waited,
        "guard_scale": state.guard.scale,
        "guard_skipped": state.guard.skipped,
        "guard_in_a_row": state.guard.in_a_row,
        **_numbered("weights", state.weights),
        **_numbered("optimizer", state.optimizer),
        **_numbered("best", state.best.weights),
    }


def _from_arrays(arrays: dict[str, np.ndarray]) -> TrainingState:
    return TrainingState(
        step=int(arrays["step"]),
        weights=_collected("weights", arrays),
        optimizer=_collected("optimizer", arrays),
        losses=arrays["losses"],
        totals=Totals(
            int(arrays["nfe_forward"]), int(arrays["nfe_backward"]), float(arrays["drift"])
        ),
        best=Best(
            int(arrays["best_step"]),
            float(arrays["best_loss"]),
            int(arrays["best_waited"]),
            _collected("best", arrays),
        ),
        guard=Guard(
            float(arrays["guard_scale"]),
            int(arrays["guard_skipped"]),
            int(arrays["guard_in_a_row"]),
        ),
    )


def _numbered(name: str, values: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    return {f"{name}/{index:04d}": value for index, value in enumerate(values)}


def _collected(name: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(arrays[key] for key in sorted(arrays) if key.startswith(f"{name}/"))
