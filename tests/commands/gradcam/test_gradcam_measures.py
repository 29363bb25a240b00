"""What `node gradcam` measures of its maps, and the settings that reach the methods."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.commands.gradcam.calls import CAT, COFFEE, gradcam, save_small_model

pytestmark = pytest.mark.usefixtures("own_place")


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


def test_maps_with_shuffled_weights_are_reported_and_drawn(capsys):
    save_small_model()
    code, out, _ = gradcam(capsys, CAT, "--model", "mine.keras", "--sanity", "--json", "-q")
    (image,) = json.loads(out)["images"]
    assert code == 0
    assert image["sanity"]["layers"] == ["scores", "conv"]
    assert len(image["sanity"]["correlations"][0]) == 2
    assert Image.open(image["figures"]["sanity"]).width > 1000
