"""The sheets and pages that `node gradcam` makes of many maps."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.commands.gradcam.calls import CAT, COFFEE, gradcam, save_small_model

from nodelens.commands.gradcam.pages import ContactSheet
from nodelens.figures.contact_sheet import ACROSS, Tile

pytestmark = pytest.mark.usefixtures("own_place")


def test_full_pages_are_written_and_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr("nodelens.figures.contact_sheet.DOWN", 2)
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
    monkeypatch.setattr("nodelens.commands.gradcam.setup.load", None)
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
def test_a_page_that_cannot_be_written_is_refused_first(capsys, monkeypatch, page, says):
    monkeypatch.setattr("nodelens.commands.gradcam.setup.load", None)
    Path("there.html").write_text("mine")
    code, _, err = gradcam(capsys, CAT, "--html", page)
    assert code == 2
    assert says in err
    assert Path("there.html").read_text() == "mine"
