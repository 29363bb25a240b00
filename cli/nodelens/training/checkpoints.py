"""Checkpoints: files from which a training goes on as if it had never stopped."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nodelens.runtime.files import atomic_path, make_directory
from nodelens.training.state import Best, Totals, TrainingState

KEEP = 2


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run.

    Attributes:
        directory: Where they are.
    """

    directory: Path

    def save(self, state: TrainingState) -> None:
        """Writes a checkpoint, whole or not at all, and removes all but the newest ones."""
        make_directory(self.directory)
        path = self.directory / f"step-{state.step:09d}.npz"
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **_to_arrays(state))
        for old in self.paths()[:-KEEP]:
            old.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """The checkpoints there are, the oldest first."""
        return sorted(self.directory.glob("step-*.npz"))

    def newest(self) -> tuple[TrainingState | None, list[Path]]:
        """Reads the newest checkpoint that is whole.

        Returns:
            The state, None if there is no whole checkpoint, and the damaged files passed over.
        """
        damaged: list[Path] = []
        for path in reversed(self.paths()):
            try:
                with np.load(path, allow_pickle=False) as arrays:
                    return _from_arrays({name: arrays[name] for name in arrays.files}), damaged
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                damaged.append(path)
        return None, damaged


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
    )


def _numbered(name: str, values: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    return {f"{name}/{index:04d}": value for index, value in enumerate(values)}


def _collected(name: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(arrays[key] for key in sorted(arrays) if key.startswith(f"{name}/"))
