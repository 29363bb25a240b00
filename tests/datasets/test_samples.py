"""Samples: what is read, how it is divided, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodelens.datasets.annuli import nested_spheres
from nodelens.datasets.sample_files import read_images, read_mnist, read_samples
from nodelens.datasets.sample_split import split_samples
from nodelens.errors import EnvironmentLacksError, UsageError


def saved(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "samples.npz"
    np.savez(path, **arrays)
    return path


def folders(path: Path, *, sizes: tuple[int, ...] = (4, 4, 4, 4), mode: str = "L") -> Path:
    for index, size in enumerate(sizes):
        folder = path / ("cat" if index % 2 == 0 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new(mode, (size, 4), index + 1).save(folder / f"{index}.png")
    return path


def test_whole_numbers_are_labels_and_others_are_values(tmp_path: Path) -> None:
    x = np.arange(12.0).reshape(6, 2)
    labels = read_samples(saved(tmp_path, x=x, y=np.array([0, 1, 2, 0, 1, 2]))).samples
    assert labels.classes == ("0", "1", "2")
    assert labels.y.dtype == np.int32
    values = read_samples(saved(tmp_path, x=x[:, 0], y=x[:, 1])).samples
    assert not values.labelled
    assert (values.x.shape, values.y.shape) == ((6, 1), (6, 1))


def test_images_come_from_class_folders(tmp_path: Path) -> None:
    data = read_images(folders(tmp_path / "grey"))
    assert data.samples.classes == ("cat", "dog")
    assert data.samples.x.shape == (4, 4, 4, 1)
    np.testing.assert_array_equal(data.samples.x[:, 0, 0, 0], [1, 3, 2, 4])
    np.testing.assert_array_equal(data.samples.y, [0, 0, 1, 1])
    assert read_images(folders(tmp_path / "coloured", mode="RGB")).samples.x.shape[-1] == 3


def test_a_copy_of_mnist_brings_its_own_test_part(tmp_path: Path) -> None:
    x, y = np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10
    data = read_mnist(saved(tmp_path, x_train=x, y_train=y, x_test=x[:10], y_test=y[:10]))
    assert data.samples.x.shape == (20, 28, 28, 1)
    split = split_samples(data, validation=0.5, test=0.3, seed=0)
    assert split.test is data.test
    assert "10 of its own to test with" in split.how


def test_without_mnist_the_remedies_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    def fail() -> None:
        print("Downloading data")
        raise Exception("URL fetch failure on https://…: no route")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(EnvironmentLacksError, match="no route") as caught:
        read_mnist(None)
    assert "data.path" in str(caught.value.hint)
    assert capsys.readouterr().out == ""


def test_annuli_lie_where_they_should() -> None:
    data = nested_spheres(4000, 2, (0.5, 1.0, 1.5), seed=1)
    radius = np.linalg.norm(data.samples.x, axis=1)
    inner, outer = radius[data.samples.y == 0], radius[data.samples.y == 1]
    assert inner.max() <= 0.5 + 1e-6
    assert outer.min() >= 1.0 - 1e-6
    assert outer.max() <= 1.5 + 1e-6
    # Uniform over the area: half of a disc lies within r/√2; E r² of a ring is (r₂² + r₃²)/2.
    assert np.mean(inner < 0.5 / np.sqrt(2)) == pytest.approx(0.5, abs=0.03)
    assert np.mean(outer**2) == pytest.approx((1 + 2.25) / 2, abs=0.03)


def test_every_part_has_its_share_of_every_class() -> None:
    data = nested_spheres(100, 3, (0.5, 1.0, 1.5), seed=1)
    split = split_samples(data, validation=0.1, test=0.2, seed=4)
    assert split.validation is not None
    assert split.test is not None
    for part, size in ((split.train, 35), (split.validation, 5), (split.test, 10)):
        np.testing.assert_array_equal(np.bincount(part.y), [size, size])
        np.testing.assert_array_equal(np.linalg.norm(part.x, axis=1) > 0.75, part.y == 1)
    rows = [tuple(row) for p in (split.train, split.validation, split.test) for row in p.x]
    assert len(set(rows)) == 100
    assert split.how == (
        "70 samples to train on, 10 to validate by, 20 to test with, drawn at random with equal "
        "shares of every class"
    )
    with pytest.raises(UsageError, match="class 'inner' has 5 samples: too few"):
        tiny = nested_spheres(10, 2, (0.5, 1.0, 1.5), 0)
        split_samples(tiny, validation=0.5, test=0.6, seed=0)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((3, 2)), "y": np.zeros(4)}, "3 samples x and 4 answers y"),
        ({"x": np.zeros((3, 2)), "z": np.zeros(3)}, "holds x, z"),
        ({"x": np.zeros((3, 2)), "y": np.array([0, 1, 7])}, "labels from 0 to 7, of which 3 occur"),
        ({"x": np.zeros((3, 2)), "y": np.array([-1, 0, 1])}, "labels from -1 to 1"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(3, int)}, "all samples are of one class"),
        (
            {"x": np.zeros((2, 2)), "y": np.array([0, 2]), "classes": np.array(["a", "b"])},
            "out of the range of the 2 classes",
        ),
        ({"x": np.array([[0.0, np.nan]] * 2), "y": np.array([0, 1])}, "missing or not finite"),
        ({"x": np.zeros((2, 2)), "y": np.array([0.0, np.inf])}, "missing or not finite"),
        ({"x": np.zeros((1, 2, 2, 2, 2)), "y": np.zeros(1)}, r"shape \[1, 2, 2, 2, 2\]"),
        ({"x": np.array(["a", "b"]), "y": np.array([0, 1])}, "no array of numbers"),
        (
            {
                "x": np.zeros((2, 2)),
                "y": np.array([0, 1]),
                "x_test": np.zeros((2, 3)),
                "y_test": np.array([0, 1]),
            },
            r"shape \[2\], those of the test part \[3\]",
        ),
    ],
)
def test_bad_arrays_are_refused(tmp_path: Path, arrays: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_samples(saved(tmp_path, **arrays))


def test_bad_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"2 different sizes: .*0.png has 4 x 4 .*2.png 5 x 4"):
        read_images(folders(tmp_path / "sizes", sizes=(4, 4, 5, 4)))
    with pytest.raises(UsageError, match="has 1 folders"):
        read_images(folders(tmp_path / "single", sizes=(4,)))
    empty = folders(tmp_path / "empty")
    (empty / "emu").mkdir()
    with pytest.raises(UsageError, match=r"emu has no picture"):
        read_images(empty)
    broken = folders(tmp_path / "broken")
    (broken / "cat" / "9.png").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"9.png cannot be read"):
        read_images(broken)
    with pytest.raises(UsageError, match="neither a folder"):
        read_images(tmp_path / "absent")
