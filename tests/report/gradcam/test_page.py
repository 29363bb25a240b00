"""The page of `gradcam`, read as a browser reads it."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.remote.webdriver import WebDriver

from nodelens.explaining.averages import Mean, MethodMeans
from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.result import MapFiles, MapResult, PictureResult
from nodelens.report.gradcam.page import PICTURE_SIDE, gradcam_page, image_section

VOID = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """Checks that every element is closed, and keeps elements and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def pictures(self) -> list[np.ndarray]:
        sources = [attributes["src"] for tag, attributes in self.elements if tag == "img"]
        prefix = "data:image/jpeg;base64,"
        assert all(source.startswith(prefix) for source in sources)
        return [
            np.asarray(Image.open(BytesIO(base64.b64decode(source.removeprefix(prefix)))))
            for source in sources
        ]


def one_map(directory: Path, method: str, value: int, **changes: Any) -> MapResult:
    path = directory / f"{method}.png"
    Image.fromarray(np.full((600, 900, 3), value, np.uint8)).save(path)
    usual = {
        "method": method, "layer": "conv", "target": CLASS, "shape": (2, 2), "min": -1.0,
        "max": 4.0, "receptive_field": None, "files": MapFiles(overlay=path),
    }  # fmt: skip
    return MapResult(**{**usual, **changes})


CLASS = Prediction(3, "cat & <dog>", 0.75, 2.5)
RECORD = {
    "model": {"name": "mine<1>.keras", "weights_description": "the model"},
    "settings": {"layers": ["</pre><script>alert(1)</script>"]},
    "versions": {"keras": "3"},
    "device": "CPU",
    "seed": 0,
    "nodelens": "1.0",
    "started": "2026-01-01T00:00:00+00:00",
}


@pytest.fixture
def html(tmp_path) -> str:
    measures = Faithfulness({"deletion": 0.125, "insertion": 0.625, "drop": 0.25}, {})
    maps = (
        one_map(tmp_path, "gradcam", 100, faithfulness=measures, signed=True),
        one_map(tmp_path, "random", 200, max=0.0, details={"completeness_gap": 0.5}),
    )
    picture = PictureResult(
        Path("a/<img src=x>.jpg"), "", (900, 600), ("first of 2 frames",), (CLASS,), maps
    )
    means = {
        "deletion": 0.11, "insertion": 0.22, "average_drop": 0.33, "increase_in_confidence": 0.44,
    }  # fmt: skip
    row = MethodMeans("gradcam", "conv", 7, 1, {k: Mean(v, None) for k, v in means.items()})
    section = image_section(picture, np.full((600, 900, 3), 50, np.uint8))
    errors = ["b.jpg: no <such> file"]
    return gradcam_page([section], errors, [row], "mine<1>.keras", "the model", RECORD)


def test_the_page_shows_the_picture_and_every_map_in_order_and_small(html):
    pictures = Page(html).pictures()
    assert [picture.shape for picture in pictures] == [(320, PICTURE_SIDE, 3)] * 3
    assert [int(picture.mean().round()) for picture in pictures] == [50, 100, 200]


def test_the_page_asks_for_nothing_and_allows_its_own_script_only(html):
    page = Page(html)
    tags = [tag for tag, _ in page.elements]
    assert not set(tags) & {"link", "iframe", "object"}
    named = {name for _, attributes in page.elements for name in attributes}
    assert not named & {"href", "srcset", "onload", "onerror", "oninput"}
    assert tags.count("script") == 1
    (script,) = re.findall("<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    assert " ".join(policy.split()) == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def test_names_are_shown_as_they_are_and_never_become_elements(html):
    page = Page(html)
    assert "a/<img src=x>.jpg" in page.text
    assert "class 3 (cat & <dog>)" in page.text
    assert "What mine<1>.keras looked at" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert "<script>alert(1)" not in html
    assert "no <such> file" in page.text
    assert len([tag for tag, _ in page.elements if tag == "img"]) == 3


def test_captions_have_method_layer_score_and_measures(html):
    text = Page(html).text
    assert "gradcam, signed at conv" in text
    assert "probability 0.750, logit 2.50" in text
    assert "deletion 0.125, insertion 0.625, drop 0.250" in text
    assert "random at conv" + "no positive evidence" in text
    assert text.count("no positive evidence") == 1
    assert "completeness gap 0.5" in text
    assert "7" + "0.110" + "0.220" + "33.0%" + "44.0%" in text
    assert "first of 2 frames" in text


def red(browser: WebDriver, x: float, y: float) -> int:
    """The red value of a pixel of the page as it is shown."""
    image = Image.open(BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    return image.getpixel((round(x), round(y)))[0]


def test_in_a_browser_the_slider_uncovers_the_photo(html, tmp_path, browser):
    (tmp_path / "page.html").write_text(html)
    browser.get((tmp_path / "page.html").as_uri())
    over = browser.find_element("class name", "over")
    slider = browser.find_element("css selector", ".over + input")
    frame = browser.execute_script(
        "arguments[0].scrollIntoView(); return arguments[0].getBoundingClientRect()", over
    )
    row = frame["y"] + frame["height"] / 2

    def seen(share: float) -> int:
        return red(browser, frame["x"] + share * frame["width"], row)

    # The map has the value 100 everywhere, the photo 50.
    assert [seen(share) for share in (0.1, 0.4, 0.6, 0.9)] == [100] * 4
    slider.click()  # in its middle
    assert [seen(share) for share in (0.1, 0.4, 0.6, 0.9)] == [50, 50, 100, 100]
    ActionChains(browser).send_keys(Keys.ARROW_LEFT).perform()
    assert slider.get_property("value") == "49"
    assert browser.get_log("browser") == []


def test_the_browser_runs_no_other_script(html, tmp_path, browser):
    (tmp_path / "page.html").write_text(html.replace("</body>", "<script>x = 1</script></body>"))
    browser.get((tmp_path / "page.html").as_uri())
    assert browser.execute_script("return typeof x") == "undefined"
    complaints = [entry["message"] for entry in browser.get_log("browser")]
    assert "Content Security Policy" in " ".join(complaints)
