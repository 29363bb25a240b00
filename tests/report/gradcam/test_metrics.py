import re
from pathlib import Path

from rich.console import Console

from nodelens.explaining.averages import Mean, MethodMeans
from nodelens.explaining.judging.registry import MEASURES
from nodelens.report.gradcam.metrics import metrics_html, metrics_table


def shown(rows: list[MethodMeans]) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(metrics_table(rows))
    return capture.get()


def row(method: str, pictures: int, **means: float) -> MethodMeans:
    found = {name: Mean(value, (value - 0.1, value + 0.1)) for name, value in means.items()}
    return MethodMeans(method, "top", pictures, pictures, found)


def test_intervals_are_shown_from_three_pictures_on():
    text = shown([row("gradcam", 3, deletion=0.25), row("random", 3, deletion=0.5)])
    assert "0.250 ±0.100" in text
    assert "over 3 pictures" in text
    assert "not clearly better than random" in text
    assert "±" not in shown([row("gradcam", 2, deletion=0.25)])


def test_only_what_was_measured_has_a_column():
    text = shown([row("gradcam", 1, pointing_game=1.0, share_in_boxes=0.5)])
    assert "100%" in text
    assert "50.0%" in text
    assert "deletion" not in text
    assert "random" not in text


def test_text_and_html_have_the_same_columns():
    rows = [row("grad<cam>", 1, **{measure.mean: 0.5 for measure in MEASURES.values()})]
    headings = [measure.heading for measure in MEASURES.values() if measure.form]
    assert len(headings) == 8
    text, html = shown(rows), metrics_html(rows)
    assert text.splitlines()[0].split() == " ".join(["method layer maps", *headings]).split()
    assert re.findall("<th[^>]*>([^<]*)</th>", html) == ["method", "layer", "maps", *headings]
    assert "<td>grad&lt;cam&gt;</td>" in html
    assert html.count("<td") == 3 + len(headings)


def test_the_readme_explains_every_column():
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    table = readme[readme.index("| measure | what it asks") :].split("\n\n")[0]
    explained = [name for line in table.splitlines()[2:] for name in line.split("|")[1].split(",")]
    headings = [measure.heading for measure in MEASURES.values() if measure.form]
    assert [name.strip() for name in explained] == [*headings, "`--sanity`"]
