"""One page as Markdown and as HTML."""

import base64
import html
import re

from nodelens.report.page import Page, to_html, to_markdown

PAGE = Page(
    title="A <run> & more",
    rows=(("loss", "1 → 0.1"), ("fitted a<b", "2")),
    pictures=(("figures/fit.png", "The fit"),),
    commands=(("go on", "node train-ode --resume 'a & b'"),),
    settings="seed: 3\nnote: <b>\n",
)


def test_markdown_links_its_pictures() -> None:
    text = to_markdown(PAGE)
    assert text.startswith("# A <run> & more\n\n| what | value |\n|---|---|\n| loss | 1 → 0.1 |\n")
    assert "![The fit](figures/fit.png)" in text
    assert "- go on: `node train-ode --resume 'a & b'`" in text
    assert "```yaml\nseed: 3\nnote: <b>\n```" in text


def test_html_holds_its_pictures_and_escapes_its_words() -> None:
    text = to_html(PAGE, {"figures/fit.png": b"\x89PNG"})
    (source,) = re.findall(r'src="data:image/png;base64,([^"]*)"', text)
    assert base64.b64decode(source) == b"\x89PNG"
    assert not re.search(r"<(run|b)>|https?:|<script|<link", text)
    plain = html.unescape(re.sub(r"<[^>]*>", "|", text))
    for words in ("A <run> & more", "fitted a<b||2", "--resume 'a & b'", "note: <b>"):
        assert words in plain
