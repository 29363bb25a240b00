"""`train-ode` and `predict-ode` on samples, as a user types them."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from nodelens.entry import run
from nodelens.training.runs.load import load_run
from nodelens.training.runs.load_samples import SampleRun

QUICK = [
    "--set", "training={steps_per_call: 10, checkpoint_every: 10, validate_every: 10}",
    "--set", "training.optimizer=adam", "--set", "training.learning_rate=2e-2",
    "--set", "solver={method: heun_euler, rtol: 1e-2, atol: 1e-2}", "-q",
]  # fmt: skip


@pytest.fixture(scope="module")
def annuli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped example, small and short: its directory, with the document beside it."""
    folder = tmp_path_factory.mktemp("samples") / "run"
    more = ["--set", "data.samples=200", "--set", "field.hidden=[12]", "--steps", "20"]
    more += ["--set", "against.hidden=[8]", "--set", "training.batch_size=60"]
    assert run(["train-ode", "-c", "annuli", *QUICK, *more, "-o", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_a_run_on_samples_writes_its_results(annuli: Path) -> None:
    document = json.loads((annuli / "report.json").read_text())
    confusion = np.array(document["confusion"])
    assert confusion.sum(axis=1).tolist() == [20, 20]
    assert document["classes"] == ["inner", "outer"]
    assert document["final"]["judged_by"] == "test"
    assert document["final"]["accuracy"] == np.trace(confusion) / 40
    # 3·12 + 12 + 12·3 + 3 and a head of 3·2 + 2; the baseline: 2·8 + 8 + 8·2 + 2 and 2·2 + 2
    assert document["parameters"] == 87 + 8
    assert document["against"]["parameters"] == 42 + 6
    origins = json.loads((annuli / "against" / "origins.json").read_text())
    assert all(origins[key] != "default" for key in ("field.hidden", "training.batch_size"))
    for name in ("flow", "confusion", "training"):
        assert (annuli / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    rows = [json.loads(line) for line in (annuli / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [10, 20]
    for row in rows:
        assert 0 < row["accuracy"] <= 1
        assert 0 < row["val_accuracy"] <= 1
        assert row["nfe_forward"] >= 2
    page = (annuli / "report.md").read_text()
    assert "`node train-ode --resume .`" in page and f"ode {annuli}" not in page
    assert f"accuracy {document['final']['accuracy']:.2%}" in page
    assert "140 samples to train on, 20 to validate by, 40 to test with" in page
    assert "(figures/confusion.png)" in page


@pytest.mark.slow
def test_the_run_predicts_samples(annuli: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((annuli / "report.json").read_text())
    assert run(["predict-ode", str(annuli), "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == document["final"]["accuracy"]
    trained = load_run(annuli)
    assert isinstance(trained, SampleRun)
    x = trained.unseen.x[:7]
    np.savez(annuli.parent / "x.npz", x=x)
    arguments = ["--input", str(annuli.parent / "x.npz"), "--out", str(annuli.parent / "p")]
    assert run(["predict-ode", str(annuli), *arguments, "-q"]) == 0
    logits = trained.model.predict(x, verbose=0)
    with np.load(annuli.parent / "p" / "prediction.npz") as arrays:
        np.testing.assert_array_equal(arrays["labels"], np.argmax(logits, axis=1))
        ratio = np.exp(logits[:, 1] - logits[:, 0])
        np.testing.assert_allclose(arrays["outputs"][:, 1], ratio / (1 + ratio), atol=1e-5)
    lines = (annuli.parent / "p" / "prediction.csv").read_text().splitlines()
    assert lines[0] == "sample,class,p(inner),p(outer)"
    assert len(lines) == 8
    np.save(annuli.parent / "wide.npy", np.zeros((3, 5)))
    capsys.readouterr()
    assert run(["predict-ode", str(annuli), "--input", str(annuli.parent / "wide.npy"), "-q"]) == 2
    assert "samples of the shape [2] were expected" in capsys.readouterr().err
    assert run(["predict-ode", str(annuli), "--z0", "1,2", "-q"]) == 2
    errors = capsys.readouterr().err
    assert "has learned from samples; --z0 is for a run that has learned from traj" in errors
    assert "hint: give samples by --input FILE" in errors
    table = annuli.parent / "table.csv"
    table.write_text("a,b\n1,2\n")
    assert run(["predict-ode", str(annuli), "--input", str(table), "-q"]) == 2
    errors = capsys.readouterr().err
    assert f"{table} is no NPZ or NPY file of numbers\n" in errors and "pickle" not in errors
    assert "hint: write samples with `numpy.savez(file, x=samples)`" in errors
    assert repr(trained) == f"SampleRun('{annuli}', classes=('inner', 'outer'))"


@pytest.mark.slow
def test_both_trainings_are_resumed(annuli: Path) -> None:
    more = ["--steps", "30", "--set", "output.figures=false"]
    assert run(["train-ode", "--resume", str(annuli), *more, "-q"]) == 0
    for directory in (annuli, annuli / "against"):
        rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows] == [10, 20, 30]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-c", "annuli", "--set", "training.batch_size=2000"], "a batch of 2000 samples"),
        (["-c", "annuli", "--set", "field={kind: conv}"], "a field of kind conv needs images"),
        (
            ["-c", "annuli", "--set", "training.loss=huber"],
            "the loss huber does not compare labels",
        ),
        (["-c", "annuli", "--set", "data.radii=[1, 1, 2]"], "do not increase"),
        (["-c", "annuli", "--set", "data.validation.fraction=0.99"], "too few to hold out"),
        (["-c", "spiral", "--set", "field={kind: conv}"], "learns from samples, not from traj"),
        (["-c", "spiral", "--set", "against={kind: mlp}"], "networks that learn from samples"),
        (["-c", "spiral", "--set", "training.loss=cross_entropy"], "does not compare numbers"),
        (["-c", "digits", "--set", "field.downsample=4"], "need a smaller field.downsample"),
    ],
)
def test_what_does_not_fit_is_refused(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train-ode", "-q", *arguments, "-o", str(tmp_path / "run")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "parameters"), [("digits", 36_458), ("figure1", 65 + 130 + 64)])
def test_the_examples_find_their_data(
    name: str, parameters: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train-ode", "-c", name, "--dry-run", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == parameters


def test_a_file_or_a_folder_of_samples_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "s.npz", x=np.zeros((40, 3)), y=np.arange(40) % 2)
    for index in range(40):
        folder = tmp_path / "pictures" / ("a" if index % 2 else "b")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), index).save(folder / f"{index}.png")
    for name, shape in (("s.npz", [3]), ("pictures", [8, 8, 1])):
        assert run(["train-ode", str(tmp_path / name), "--dry-run", "--json", "-q"]) == 0
        assert json.loads(capsys.readouterr().out)["shape"] == shape


def test_without_mnist_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise Exception("no route")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    assert run(["train-ode", "-c", "mnist", "-q", "-o", str(tmp_path / "run")]) == 5
    assert "MNIST is not at hand" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
