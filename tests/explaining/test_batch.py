"""Many pictures: in batches, resumed, shared, and with little memory."""

import gc
import json
import time
import weakref
from copy import copy
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tests.explaining.classifiers import classifier_of

from nodelens.errors import ExitCode, StoppedError, UsageError
from nodelens.explaining import batch as run
from nodelens.explaining.batch import Batch, Explained, Failed, even_size, explain_files
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.naming import plan_files, share_of
from nodelens.explaining.out_of_memory import OutOfMemoryError
from nodelens.explaining.output.document import image_document
from nodelens.explaining.pictures.opening import open_picture
from nodelens.explaining.pictures.photo import Photo, load_photo
from nodelens.explaining.settings import GradcamSettings, OutputSettings
from nodelens.runtime.resources import sample_images

L = keras.layers
FILES = OutputSettings().files
RECORD = {"model": {"name": "small"}, "settings": {"top_k": 1, "device": "cpu"}}


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            L.Conv2D(4, 3, activation="relu", name="conv"),
            L.Flatten(),
            L.Dense(3),
        ]
    )
    return Explainer(
        classifier_of(model, default_layer="conv"),
        GradcamSettings(top_k=2),
    )


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    random = np.random.default_rng(0)
    paths = [tmp_path / f"{number:02d}.png" for number in range(11)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (9, 14, 3), dtype=np.uint8)).save(path)
    return paths


def explain(explainer, paths, root, **options) -> list[Explained | Failed]:
    files, size = options.pop("files", ("raw",)), options.pop("size", 4)
    batch = Batch(**{"record": RECORD, "smaller": pytest.fail, **options})
    explainer = in_batches(explainer, size, files)
    return list(explain_files(explainer, plan_files(explainer, paths, root), batch))


def in_batches(explainer: Explainer, size: int, files: tuple[str, ...]) -> Explainer:
    """The same explainer, compiled once, with other settings of batches and files."""
    changed = copy(explainer)
    output = explainer.settings.output.model_copy(update={"files": files})
    changed.settings = explainer.settings.model_copy(update={"batch_size": size, "output": output})
    return changed


def raw_maps(outcome: Explained) -> list[np.ndarray]:
    return [np.load(found.files.raw) for found in outcome.picture.maps]


def test_a_batch_finds_what_one_picture_after_the_other_finds(explainer, pictures, tmp_path):
    together = explain(explainer, pictures, tmp_path / "together", size=4)
    alone = explain(explainer, pictures, tmp_path / "alone", size=1)
    assert [outcome.path for outcome in together] == pictures
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(raw_maps(one), raw_maps(other), rtol=1e-5, atol=1e-7)
        for mine, its in zip(one.picture.predictions, other.picture.predictions, strict=True):
            assert mine.index == its.index
            assert mine.logit == pytest.approx(its.logit, rel=1e-5)


def test_vgg19_sees_the_same_in_a_batch(classifier):
    names = ("cat", "coffee", "rocket")
    photos = [load_photo(sample_images() / f"{name}.jpg") for name in names]
    explainer = Explainer(classifier, GradcamSettings(layers=["block5_conv4"]))
    together = explainer.explain_batch([explainer.prepare(photo) for photo in photos], size=4)
    assert len(together) == 3
    for photo, found in zip(photos, together, strict=True):
        (mine,), (its,) = found.maps, explainer.explain(photo).maps
        assert found.photo is photo
        assert mine.target.index == its.target.index
        np.testing.assert_allclose(mine.values, its.values, rtol=0, atol=1e-5 * its.max)


def test_pictures_written_in_a_batch_have_the_bytes_of_one_alone(explainer, pictures, tmp_path):
    (one,) = explain(explainer, pictures[:1], tmp_path / "alone", files=FILES)
    first = explain(explainer, pictures[:3], tmp_path / "together", files=FILES)[0]
    others = first.picture.maps[0].files.as_dict()
    for kind, file in one.picture.maps[0].files.as_dict().items():
        if kind != "raw":
            assert file.read_bytes() == others[kind].read_bytes()


def test_one_function_of_one_size_serves_all_batches(explainer, pictures, tmp_path, monkeypatch):
    sizes = []
    evidence = explainer._evidence
    monkeypatch.setattr(
        explainer, "_evidence", lambda images: sizes.append(len(images)) or evidence(images)
    )
    pictures[2].write_text("none")
    explain(explainer, pictures, tmp_path / "out", size=5)
    # Eleven are four, four and three; one of them cannot be read, and the last batch is filled up.
    assert sizes == [4, 4, 4]


@pytest.mark.parametrize(
    ("count", "most", "size"),
    [(0, 16, 1), (1, 16, 1), (16, 16, 16), (17, 16, 9), (100, 16, 15), (5, 1, 1)],
)
def test_batches_are_evenly_filled(count, most, size):
    assert even_size(count, most) == size


def test_a_share_without_pictures_explains_none(explainer, tmp_path):
    assert explain(explainer, [], tmp_path / "out") == []


def test_what_cannot_be_read_fails_in_its_place(explainer, pictures, tmp_path):
    pictures[1].write_text("none")
    pictures[9].write_bytes(b"")
    outcomes = explain(explainer, pictures, tmp_path / "out")
    assert [outcome.path for outcome in outcomes] == pictures
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert [outcome.path for outcome in failed] == [pictures[1], pictures[9]]
    assert not (tmp_path / "out" / "01-small-conv-top2").exists()


def test_no_more_than_three_batches_of_photos_are_held(explainer, pictures, tmp_path, monkeypatch):
    photos: list[weakref.ref[Photo]] = []

    def load(path, **options) -> Photo:
        photo = open_picture(path, **options)
        photos.append(weakref.ref(photo))
        return photo

    monkeypatch.setattr(run, "open_picture", load)
    plan = plan_files(explainer, pictures, tmp_path / "out")
    held = []
    for _ in explain_files(in_batches(explainer, 2, ("raw",)), plan, Batch(RECORD)):
        gc.collect()
        held.append(sum(photo() is not None for photo in photos))
    assert len(photos) == 11
    # Each of the three batches holds two, and one is handed over.
    assert max(held) <= 7, held


def test_a_batch_that_needs_too_much_memory_is_made_smaller_and_reported(
    explainer, pictures, tmp_path, monkeypatch
):
    evidence = explainer._evidence

    def small_machine(images):
        if len(images) > 2:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return evidence(images)

    monkeypatch.setattr(explainer, "_evidence", small_machine)
    sizes: list[int] = []
    outcomes = explain(explainer, pictures, tmp_path / "out", size=6, smaller=sizes.append)
    assert len(outcomes) == 11
    assert all(isinstance(outcome, Explained) for outcome in outcomes)
    assert sizes == [3, 2]


def test_a_single_picture_that_needs_too_much_memory_ends_the_work(
    explainer, pictures, tmp_path, monkeypatch
):
    def tiny_machine(images):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory")

    monkeypatch.setattr(explainer, "_evidence", tiny_machine)
    with pytest.raises(OutOfMemoryError, match="memory of the device") as caught:
        explain(explainer, pictures, tmp_path / "out", smaller=lambda size: None)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT


def test_what_is_done_is_not_done_again(explainer, pictures, tmp_path):
    first = explain(explainer, pictures[:6], tmp_path / "out")
    raw = first[0].picture.maps[0].files.raw
    raw.write_bytes(b"mine")
    # Another device changes nothing that is written.
    record = {**RECORD, "settings": {"top_k": 1, "device": "gpu"}}
    second = explain(explainer, pictures, tmp_path / "out", record=record)
    assert [outcome.again for outcome in second] == [True] * 6 + [False] * 5
    assert [image_document(o.picture) for o in second[:6]] == [
        json.loads(json.dumps(image_document(o.picture))) for o in first
    ]
    assert raw.read_bytes() == b"mine"
    (third,) = explain(explainer, pictures[:1], tmp_path / "out", force=True)
    assert not third.again
    assert raw.read_bytes() != b"mine"


def test_what_is_there_and_differs_is_left_alone_and_reported(explainer, pictures, tmp_path):
    root = tmp_path / "out"
    explain(explainer, pictures[:4], root)
    record = {**RECORD, "settings": {"top_k": 2, "device": "cpu"}}
    (other_settings,) = explain(explainer, pictures[:1], root, record=record)
    assert "other settings: top_k was 1 and is 2" in other_settings.error.message
    assert "`force`" in other_settings.error.hint
    pictures[1].write_bytes(pictures[5].read_bytes())
    next((root / "02-small-conv-top2").glob("*.npy")).unlink()
    (root / "03-small-conv-top2" / "manifest.json").write_text("{")
    other_picture, not_whole, strange = explain(explainer, pictures[1:4], root)
    assert "explains another picture" in other_picture.error.message
    assert "is not whole any more" in not_whole.error.message
    assert "holds no explanation" in strange.error.message


def test_an_interrupted_batch_leaves_whole_directories_and_is_taken_up_again(
    explainer, pictures, tmp_path, monkeypatch
):
    write, seen = run.save_explanation, []

    def slow(explanation, directory, output):
        seen.append(directory)
        if len(seen) > 3:
            (directory / "half.png").write_bytes(b"half")
            time.sleep(0.2)
            raise StoppedError(ExitCode.INTERRUPTED, "interrupted")
        return write(explanation, directory, output)

    monkeypatch.setattr(run, "save_explanation", slow)
    root = tmp_path / "out"
    with pytest.raises(StoppedError) as caught:
        explain(explainer, pictures, root)
    assert "goes on where this one stopped" in caught.value.hint
    there = sorted(path.name for path in root.iterdir())
    assert len(there) == 3
    for name in there:
        manifest = json.loads((root / name / "manifest.json").read_text())
        for found in manifest["images"][0]["maps"]:
            assert all((root / name / file).is_file() for file in found["files"].values())
    # What a killed process leaves behind is cleared away.
    (root / ".10-small-conv-top2.unfinished").mkdir()
    (root / ".10-small-conv-top2.unfinished" / "half.png").write_bytes(b"half")
    monkeypatch.setattr(run, "save_explanation", write)
    outcomes = explain(explainer, pictures, root)
    assert sum(outcome.again for outcome in outcomes) == 3
    assert len(list(root.iterdir())) == 11
    assert not (root / "10-small-conv-top2" / "half.png").exists()


def test_machines_share_pictures_without_overlap(explainer, pictures, tmp_path):
    plan = plan_files(explainer, pictures, tmp_path)
    shares = [share_of(plan, number, 3) for number in (1, 2, 3)]
    assert [len(share) for share in shares] == [4, 4, 3]
    assert {**shares[0], **shares[1], **shares[2]} == plan


def test_a_question_that_no_picture_can_answer_ends_the_work(explainer, pictures, tmp_path):
    image = keras.Input((12, 12, 3))
    shared = L.Conv2D(3, 3, padding="same", name="shared")
    model = keras.Model(image, L.Dense(3)(L.Flatten()(shared(shared(image)))))
    twice = Explainer(
        replace(explainer.classifier, model=model), GradcamSettings(layers=["shared"])
    )
    with pytest.raises(UsageError, match="used 2 times"):
        explain(twice, pictures, tmp_path / "out")


def test_an_array_is_the_input_as_it_is(explainer, pictures, tmp_path):
    photo = load_photo(pictures[0])
    tensor = explainer.prepare(photo).image
    np.save(tmp_path / "tensor.npy", tensor)
    np.save(tmp_path / "pixels.npy", photo.pixels)
    np.save(tmp_path / "wrong.npy", tensor[:5])
    paths = [pictures[0], tmp_path / "tensor.npy", tmp_path / "pixels.npy", tmp_path / "wrong.npy"]
    *alike, wrong = explain(explainer, paths, tmp_path / "out")
    for outcome in alike:
        np.testing.assert_allclose(raw_maps(outcome), raw_maps(alike[0]), rtol=1e-5)
    assert "takes the shape (12, 12, 3)" in wrong.error.message
