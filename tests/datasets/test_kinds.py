"""Every kind of data of the table has a reader that takes its settings, and is recognised."""

from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from nodelens.datasets.recognition import kind_of
from nodelens.datasets.settings import DATA, SampleDataSettings, TrajectoryDataSettings
from nodelens.registry import load


@pytest.mark.parametrize("name", DATA)
def test_the_settings_are_the_arguments_of_the_reader(name: str) -> None:
    kind = DATA[name]
    assert issubclass(kind.settings, TrajectoryDataSettings | SampleDataSettings)
    own = set(kind.settings.model_fields) - {"kind", "scale", "validation", "test"}
    assert {"scale", "validation"} <= set(kind.settings.model_fields)
    expected = own | {"seed"} if kind.seeded else own
    assert set(signature(load(kind.reader)).parameters) == expected


def test_the_kind_of_a_path(tmp_path: Path) -> None:
    for name in ("a.csv", "a.TSV", "a.npy", "a.bad"):
        (tmp_path / name).write_text("")
    np.savez(tmp_path / "a.npz", times=np.zeros(2), states=np.zeros((2, 1)))
    np.savez(tmp_path / "b.npz", x=np.zeros(2), y=np.zeros(2))
    names = ["a.csv", "a.TSV", "a.npy", "a.bad", "a.npz", "b.npz", "."]
    found = [kind_of(tmp_path / name) for name in names]
    assert found == ["csv", "csv", "npy", None, "npz", "samples", "images"]
