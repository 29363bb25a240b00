"""`node gradcam` as its user meets it; one process for what only a process shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.commands.gradcam.calls import CAT, COFFEE, gradcam, save_small_model

from nodelens.explaining.settings import GradcamSettings
from nodelens.runtime.resources import configs, sample_images
from nodelens.settings.resolve import resolve

pytestmark = pytest.mark.usefixtures("own_place")


@pytest.fixture(scope="module")
def cat_run(tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One real process: the first command of the README, with --json and -q."""
    place = tmp_path_factory.mktemp("cat")
    command = [sys.executable, "-m", "nodelens", "gradcam", str(CAT), "--layer", "block5_conv4"]
    result = subprocess.run(
        [*command, "--json", "-q"],
        capture_output=True,
        text=True,
        cwd=place,
        timeout=300,
        env={**os.environ, "KERAS_HOME": str(place / "keras")},
    )
    return result, place


def test_a_quiet_run_writes_one_document_to_stdout_and_nothing_to_stderr(cat_run):
    result, _ = cat_run
    assert result.returncode == 0
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["schema"], document["command"]) == (1, "gradcam")


def test_the_document_holds_the_class_of_the_cat_and_the_weights(cat_run):
    document = json.loads(cat_run[0].stdout)
    (image,) = document["images"]
    assert image["predictions"][0]["name"] == "Egyptian_cat"
    assert image["size"] == [451, 300]
    assert document["model"]["weights"] == "embedded"
    assert document["model"].keys() >= {
        "name", "weights", "weights_sha256", "input_shape", "preprocess",
    }  # fmt: skip
    assert "tensorflow" in document["versions"]
    assert document["failed"] == []


def test_the_files_are_where_the_document_says(cat_run):
    result, place = cat_run
    files = json.loads(result.stdout)["images"][0]["maps"][0]["files"]
    assert Image.open(place / files["overlay"]).size == (451, 300)
    assert Image.open(place / files["figure"]).width > 1200
    assert np.load(place / files["raw"]).shape == (14, 14)


def test_the_manifest_names_its_neighbours_and_what_it_takes_to_repeat_the_run(cat_run):
    (path,) = (cat_run[1] / "explanations").glob("*/manifest.json")
    assert path.parent.name == "cat-block5_conv4"
    manifest = json.loads(path.read_text())
    for name in manifest["images"][0]["maps"][0]["files"].values():
        assert (path.parent / name).is_file()
    assert manifest["settings"]["layers"] == ["block5_conv4"]
    assert {"arguments", "versions", "device", "seed", "nodelens"} <= manifest.keys()
    assert manifest["images"][0]["sha256"] != manifest["model"]["weights_sha256"]


def test_a_person_reads_the_classes_the_files_and_on_stderr_the_weights(capsys):
    code, out, err = gradcam(capsys, CAT, "--layer", "block5_conv4", "-o", "here")
    assert code == 0
    assert "Egyptian_cat" in out
    assert "0.76" in out
    assert "here/cat-block5_conv4/gradcam-block5_conv4-285-Egyptian_cat-figure.png" in out
    assert "embedded in nodelens" in err
    assert "weights" not in out


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(capsys, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    arguments = [tmp_path / "text.jpg", CAT, tmp_path / "none.jpg", COFFEE]
    code, out, err = gradcam(capsys, *arguments, "--json", "-q")
    document = json.loads(out)
    assert code == 2
    assert [Path(image["path"]).name for image in document["images"]] == ["cat.jpg", "coffee.jpg"]
    assert [Path(failure["path"]).name for failure in document["failed"]] == [
        "text.jpg",
        "none.jpg",
    ]
    assert "text.jpg: the file is not a picture" in err
    assert "none.jpg: no such file" in err


def test_what_is_done_is_not_done_again_nor_overwritten_unasked(capsys):
    save_small_model()
    call = [CAT, "--model", "mine.keras", "--class", "0", "--signed"]
    assert gradcam(capsys, *call, "-q")[0] == 0
    figure = next(Path("explanations").glob("*/*-figure.png"))
    figure.write_bytes(b"mine")
    code, out, err = gradcam(capsys, *call)
    assert code == 0
    assert "1 explained before and not again" in err
    assert str(figure) in out
    # The same question, another opacity: the files would differ.
    code, _, err = gradcam(capsys, *call, "--set", "output.alpha=0.3")
    assert code == 2
    assert "other settings: output.alpha was 0.5 and is 0.3" in err
    assert "--force" in err
    assert figure.read_bytes() == b"mine"
    # Another question gets another directory.
    assert gradcam(capsys, *call[:3], "--class", "1", "--signed", "-q")[0] == 0
    assert len(list(Path("explanations").glob("*/manifest.json"))) == 2
    assert gradcam(capsys, *call, "-q", "--force")[0] == 0
    assert figure.read_bytes() != b"mine"


def test_a_share_of_the_pictures_in_small_batches_and_few_files(capsys):
    save_small_model()
    pictures = [CAT, COFFEE, sample_images() / "rocket.jpg"]
    call = [*pictures, "--model", "mine.keras", "--class", "0", "--signed"]
    options = ["--files", "raw,overlay", "--batch-size", "1", "--shard", "1/2"]
    code, out, err = gradcam(capsys, *call, *options)
    assert code == 0
    assert "2 pictures in" in err
    assert "all together: explanations/contact_sheet-1of2.png" in err
    assert "overlay, raw map and manifest" in out or "raw map, overlay and manifest" in out
    # Two strips of two tiles, side by side.
    assert Image.open("explanations/contact_sheet-1of2.png").size == (4 * 236 + 12, 222 + 12)
    directories = sorted(path.name for path in Path("explanations").iterdir() if path.is_dir())
    assert [name.partition("-")[0] for name in directories] == ["cat", "rocket"]
    files = [path.suffix for path in Path("explanations", directories[0]).iterdir()]
    assert sorted(files) == [".json", ".npy", ".png"]


def test_the_first_failure_can_end_the_batch(capsys, tmp_path):
    save_small_model()
    (tmp_path / "text.jpg").write_text("no picture")
    call = ["text.jpg", CAT, "--model", "mine.keras", "--class", "0", "--signed", "--fail-fast"]
    code, out, err = gradcam(capsys, *call)
    assert (code, out) == (2, "")
    assert "text.jpg: the file is not a picture" in err


def test_the_best_classes_are_explained_together(capsys):
    code, out, _ = gradcam(capsys, CAT, "--top-k", "3", "--json", "-q")
    assert code == 0
    maps = json.loads(out)["images"][0]["maps"]
    assert [m["class_name"] for m in maps] == ["Egyptian_cat", "tabby", "tiger_cat"]


def test_methods_and_views_are_in_names_and_documents(capsys):
    code, out, _ = gradcam(
        capsys,
        CAT,
        "--method",
        "gradcam++, hirescam",
        "--counterfactual",
        "--signed",
        "--json",
        "-q",
    )
    maps = json.loads(out)["images"][0]["maps"]
    assert code == 0
    assert [m["method"] for m in maps] == ["gradcam++", "hirescam"]
    assert all(m["counterfactual"] and m["signed"] for m in maps)
    overlay = Path(maps[0]["files"]["overlay"])
    assert (
        overlay.name == "gradcam++-counterfactual-signed-block5_conv4-285-Egyptian_cat-overlay.png"
    )
    assert overlay.parent.name == "cat-block5_conv4-gradcam++.hirescam-counterfactual-signed"


def test_a_dry_run_checks_everything_and_writes_nothing(capsys):
    code, out, _ = gradcam(capsys, CAT, "--dry-run", "--json", "-q")
    assert code == 0
    assert json.loads(out)["images"][0]["directory"] == "explanations/cat-block5_conv4"
    assert gradcam(capsys, CAT, "--dry-run", "--layer", "fc1")[0] == 2
    assert not Path("explanations").exists()


def test_the_layers_are_listed_with_what_they_see(capsys):
    code, out, _ = gradcam(capsys, "--list-layers", "--json", "-q")
    assert code == 0
    rows = {row["name"]: row for row in json.loads(out)["layers"]}
    assert rows["block5_conv4"]["output_shape"] == [14, 14, 512]
    assert rows["block5_conv4"]["receptive_field"]["height"]["size"] == 252
    assert rows["predictions"]["spatial"] is False


def test_a_map_without_evidence_is_a_warning_and_no_failure_and_is_not_painted(capsys):
    # No cell of the rocket at block5_conv4 speaks for soup (its largest value is -0.0008).
    code, out, err = gradcam(
        capsys, sample_images() / "rocket.jpg", "--class", "consomme", "--json"
    )
    (found,) = json.loads(out)["images"][0]["maps"]
    assert code == 0
    assert (found["empty"], found["max"] < 0) == (True, True)
    assert "nothing speaks for consomme" in err
    photo = np.asarray(Image.open(sample_images() / "rocket.jpg"))
    np.testing.assert_array_equal(np.asarray(Image.open(found["files"]["overlay"])), photo)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no picture was given"),
        (["none.jpg"], "none.jpg: no such file"),
        (["none.jpg", "nor.jpg"], "none of the 2 pictures"),
        ([CAT, "--class", "crane"], "134"),
        ([CAT, "--class", "1000"], "0 to 999"),
        ([CAT, "--class", "egyptian_kat"], "285 Egyptian_cat"),
        ([CAT, "--class", "3", "--top-k", "2"], "one of both"),
        ([CAT, "--weights", "imagenett"], "imagenet"),
        ([CAT, "--model", "resnet51"], "resnet50"),
        ([CAT, "--model", "none.keras"], "none.keras"),
        ([CAT, "--method", "gradcamm"], "gradcam"),
        ([CAT, "--target", "logits"], "logit"),
        ([CAT, "--set", "output.alpha=2"], "alpha"),
        ([CAT, "--shard", "3/2"], "i from 1 to n"),
        ([CAT, "--smooth", "noise"], "possible: aug, eigen"),
        ([CAT, "--region", "5,5,5,9"], "x0 < x1"),
        ([CAT, "--region", "1,2,3"], "region"),
        ([CAT, "--region", "1,2,3,z"], "whole number"),
        ([CAT, "--boxes", "none.csv"], "none.csv: the table of boxes cannot be read"),
        ([CAT, "--files", "raw,picture"], "picture"),
        ([CAT, "--format", "bmp"], "possible: png, jpg, webp"),
        ([CAT, "--files", "raw", "--html", "a.html"], "the page shows overlays"),
    ],
    ids=lambda value: " ".join(Path(str(v)).name for v in value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_refused_before_tensorflow_starts(capsys, monkeypatch, arguments, says):
    def fail(*args, **kwargs):
        raise AssertionError("TensorFlow was started")

    monkeypatch.setattr("nodelens.runtime.tensorflow.start_tensorflow", fail)
    code, out, err = gradcam(capsys, *arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_a_model_of_the_users_is_explained_with_the_names_of_its_classes(capsys, tmp_path):
    save_small_model()
    (tmp_path / "names.txt").write_text("dog\ncat\n")
    arguments = [CAT, "--model", "mine.keras", "--labels", "names.txt", "--class", "cat"]
    code, out, _ = gradcam(capsys, *arguments, "--json", "-q")
    document = json.loads(out)
    assert code == 0
    assert document["model"]["preprocess"] == "none"
    assert document["images"][0]["maps"][0]["class_name"] == "cat"
    assert document["images"][0]["maps"][0]["layer"] == "conv"
    assert document["images"][0]["maps"][0]["shape"] == [30, 30]


def test_an_unknown_layer_is_answered_with_the_nearest(capsys):
    code, _, err = gradcam(capsys, CAT, "--layer", "block5_conv5")
    assert code == 2
    assert "did you mean block5_conv4" in err


def test_official_weights_without_a_network_are_exit_5_with_remedies(capsys, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("network is unreachable")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", refuse)
    code, out, err = gradcam(capsys, CAT, "--weights", "imagenet")
    assert (code, out) == (5, "")
    assert "cannot be downloaded" in err
    assert "(--weights) to embedded" in err


@pytest.mark.parametrize(
    "file", sorted((configs() / "gradcam").glob("*.yaml")), ids=lambda f: f.stem
)
def test_the_examples_are_valid(file):
    assert resolve(GradcamSettings, file=file).settings.layers


def test_the_documented_example_shows_the_defaults():
    shown = resolve(GradcamSettings, file=configs() / "gradcam" / "vgg19.yaml").settings
    assert shown.model_copy(update={"layers": ()}) == GradcamSettings()
