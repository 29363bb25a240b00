"""`node gradcam` as its user meets it; one process for what only a process shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodelens.commands.gradcam_pages import ContactSheet
from nodelens.entry import run
from nodelens.report.figures.contact_sheet import ACROSS, Tile
from nodelens.runtime.resources import configs, sample_images
from nodelens.settings.gradcam import GradcamSettings
from nodelens.settings.resolve import resolve

CAT = sample_images() / "cat.jpg"
COFFEE = sample_images() / "coffee.jpg"


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    """An empty working directory, and an empty cache of Keras."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def gradcam(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run(["gradcam", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


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


def test_the_document_tells_what_the_cat_is_and_which_weights_said_so(cat_run):
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


def test_methods_and_views_are_told_in_names_and_documents(capsys):
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
def test_a_wrong_call_is_told_before_tensorflow_starts(capsys, monkeypatch, arguments, says):
    def fail(*args, **kwargs):
        raise AssertionError("TensorFlow was started")

    monkeypatch.setattr("nodelens.runtime.tensorflow.start_tensorflow", fail)
    code, out, err = gradcam(capsys, *arguments)
    assert (code, out) == (2, "")
    assert says in err


def save_small_model(*, bent: bool = False) -> None:
    """Writes `mine.keras`, a classifier of two classes; linear up to its softmax unless bent."""
    import keras

    keras.utils.set_random_seed(0)
    top = [keras.layers.GlobalAveragePooling2D()]
    if bent:
        top = [keras.layers.Flatten(), keras.layers.Dense(8, activation="relu")]
    layers = [
        keras.Input((32, 32, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3, activation="relu" if bent else None, name="conv"),
        *top,
        keras.layers.Dense(2, activation="softmax", name="scores"),
    ]
    keras.Sequential(layers).save("mine.keras")


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


def test_methods_are_measured_and_compared(capsys):
    save_small_model()
    methods = ["--method", "saliency", "--method", "random"]
    arguments = [CAT, COFFEE, "--model", "mine.keras", *methods, "--evaluate"]
    arguments += ["--class", "1", "--signed", "--set", "metric_steps=4"]
    code, out, _ = gradcam(capsys, *arguments, "--json", "-q")
    document = json.loads(out)
    assert code == 0
    assert [(row["method"], row["layer"], row["maps"]) for row in document["metrics"]] == [
        ("random", "conv", 2),
        ("saliency", "input", 2),
        ("random", "input", 2),
    ]
    for row, found in zip(document["metrics"][:2], document["images"][0]["maps"], strict=True):
        other = document["images"][1]["maps"][0 if row["layer"] == "conv" else 1]
        assert len(found["metrics"]["deletion_curve"]) == 5
        both = [found["metrics"]["insertion"], other["metrics"]["insertion"]]
        np.testing.assert_allclose(row["insertion"], np.mean(both))
        # Nothing is deleted, and all is inserted: the picture as it is.
        for curve, end in (("deletion_curve", 0), ("insertion_curve", -1)):
            np.testing.assert_allclose(found["metrics"][curve][end], found["score"], rtol=1e-4)
    code, out, _ = gradcam(capsys, *arguments, "-q", "--force", "--html", "all.html")
    assert code == 0
    assert "deletion" in out.splitlines()[-5]
    assert "not clearly better than random" in out
    for image in document["images"]:
        assert Image.open(image["figures"]["metrics"]).width > 1000
    # Two photos, each with two maps, and the comparison.
    page = Path("all.html").read_text()
    assert page.count("<img ") == 6
    assert page.count("<input ") == 4
    assert page.count("insertion ↑") == 1
    assert page.index("cat.jpg</h2>") < page.index("coffee.jpg</h2>")


def test_full_pages_are_written_and_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr("nodelens.report.figures.contact_sheet.DOWN", 2)
    sheet = ContactSheet(tmp_path / "sheet.png")
    for number in range(2 * ACROSS + 1):
        sheet.add([Tile(np.full((4, 4, 3), number, np.uint8), "title")])
        assert len(sheet._strips) <= 2 * ACROSS
    assert sheet.written == [tmp_path / "sheet.png"]
    sheet.finish()
    assert sheet.written == [tmp_path / "sheet.png", tmp_path / "sheet-2.png"]
    # The last tile of the first page, in the middle of its 176 by 176 pixels.
    assert Image.open(tmp_path / "sheet.png").getpixel((7 * 236 + 100, 222 + 100))[0] == 15
    assert Image.open(tmp_path / "sheet-2.png").getpixel((100, 100))[0] == 16
    sheet.finish()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_sheet_that_is_not_ours_is_left_alone(capsys, monkeypatch):
    monkeypatch.setattr("nodelens.commands.gradcam_setup.load", None)
    Path("explanations").mkdir()
    Path("explanations/contact_sheet.png").write_text("mine")
    code, _, err = gradcam(capsys, CAT, COFFEE)
    assert code == 2
    assert "contact_sheet.png" in err


def test_several_maps_of_one_picture_are_compared_on_one_sheet(capsys):
    save_small_model()
    call = [CAT, "--model", "mine.keras", "--signed", "--method", "gradcam,hirescam,random"]
    code, out, _ = gradcam(capsys, *call, "--class", "0", "--files", "overlay")
    assert code == 0
    (sheet,) = Path("explanations").glob("*/comparison.png")
    assert f"together: {sheet}" in out
    assert Image.open(sheet).width == 4 * 236 + 12
    assert len(list(sheet.parent.iterdir())) == 5


@pytest.mark.parametrize(
    ("page", "says"),
    [("there.html", "already there"), ("none/a.html", "no directory none"), (".", "directory")],
)
def test_a_page_that_cannot_be_written_is_told_first(capsys, monkeypatch, page, says):
    monkeypatch.setattr("nodelens.commands.gradcam_setup.load", None)
    Path("there.html").write_text("mine")
    code, _, err = gradcam(capsys, CAT, "--html", page)
    assert code == 2
    assert says in err
    assert Path("there.html").read_text() == "mine"


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
    assert "--weights embedded" in err


def raw_maps(capsys, *arguments: object) -> dict[str, np.ndarray]:
    code, out, err = gradcam(capsys, CAT, "--model", "mine.keras", "--json", "-q", *arguments)
    assert (code, err) == (0, "")
    maps = json.loads(out)["images"][0]["maps"]
    return {found["method"]: np.load(found["files"]["raw"]) for found in maps}


@pytest.mark.slow
def test_the_seed_and_the_settings_of_methods_reach_them(capsys):
    save_small_model(bent=True)
    noisy = ["--method", "smoothgrad,smooth-gradcam++,saliency", "--set", "pixels.samples=3"]
    first = raw_maps(capsys, *noisy, "--out", "a")
    again = raw_maps(capsys, *noisy, "--out", "b", "--seed", 0)
    other = raw_maps(capsys, *noisy, "--out", "c", "--seed", 1)
    without = raw_maps(capsys, *noisy, "--out", "d", "--set", "pixels.noise=0")
    for method in ("smoothgrad", "smooth-gradcam++"):
        np.testing.assert_array_equal(first[method], again[method])
        assert not np.allclose(first[method], other[method], rtol=1e-4)
    np.testing.assert_allclose(without["smoothgrad"], without["saliency"], rtol=1e-5)
    along = ["--method", "occlusion,integrated-gradients", "--signed"]
    first = raw_maps(capsys, *along, "--out", "e")
    changed = ["pixels.baseline=mean", "pixels.window=8", "pixels.stride=8"]
    other = raw_maps(capsys, *along, "--out", "f", *(w for c in changed for w in ("--set", c)))
    for method, values in first.items():
        assert not np.allclose(values, other[method])
    # 32 pixels in windows of 8 that do not overlap: a block has one value.
    blocks = other["occlusion"].reshape(4, 8, 4, 8)
    np.testing.assert_array_equal(blocks, np.broadcast_to(blocks[:, :1, :, :1], blocks.shape))


def test_a_smoothed_map_has_its_own_name(capsys):
    save_small_model()
    plain = raw_maps(capsys, "--signed")
    smooth = raw_maps(capsys, "--signed", "--smooth", "aug")
    assert not np.allclose(plain["gradcam"], smooth["gradcam"])
    assert [path.name for path in Path("explanations").iterdir() if "aug" in path.name]


def test_boxes_are_compared_with_the_maps(capsys):
    save_small_model()
    Path("boxes.csv").write_text("path,x0,y0,x1,y1\ncat.jpg,0,0,200,300\n")
    arguments = [CAT, COFFEE, "--model", "mine.keras", "--method", "saliency", "--boxes"]
    code, out, _ = gradcam(capsys, *arguments, "boxes.csv", "--json", "-q")
    document = json.loads(out)
    assert code == 0
    (cat,), (coffee,) = (image["maps"] for image in document["images"])
    assert cat["localisation"]["boxes"] == [[0, 0, 200, 300]]
    assert cat["localisation"]["area"] == pytest.approx(200 / 451)
    assert coffee["localisation"] is None
    left, top, right, bottom = cat["box"]
    assert 0 <= left < right <= 451
    assert 0 <= top < bottom <= 300
    # Other boxes are another question, though the file has the same name.
    Path("boxes.csv").write_text("path,x0,y0,x1,y1\ncat.jpg,0,0,9,9\n")
    code, _, err = gradcam(capsys, *arguments, "boxes.csv", "-q")
    assert code == 2
    assert "other settings: files_sha256.boxes.csv" in err
    (row,) = document["metrics"]
    assert (row["maps"], row["share_in_boxes"]) == (1, cat["localisation"]["share"])
    code, out, _ = gradcam(
        capsys,
        CAT,
        "--model",
        "mine.keras",
        "--method",
        "saliency",
        "--region",
        "0,0,451,300",
        "-q",
    )
    assert code == 0
    assert "100.0% of it in the box" in out


def test_maps_with_shuffled_weights_are_told_and_drawn(capsys):
    save_small_model()
    code, out, _ = gradcam(capsys, CAT, "--model", "mine.keras", "--sanity", "--json", "-q")
    (image,) = json.loads(out)["images"]
    assert code == 0
    assert image["sanity"]["layers"] == ["scores", "conv"]
    assert len(image["sanity"]["correlations"][0]) == 2
    assert Image.open(image["figures"]["sanity"]).width > 1000


@pytest.mark.parametrize(
    "file", sorted((configs() / "gradcam").glob("*.yaml")), ids=lambda f: f.stem
)
def test_the_examples_are_valid(file):
    assert resolve(GradcamSettings, file=file).settings.layers


def test_the_documented_example_shows_the_defaults():
    shown = resolve(GradcamSettings, file=configs() / "gradcam" / "vgg19.yaml").settings
    assert shown.model_copy(update={"layers": ()}) == GradcamSettings()
