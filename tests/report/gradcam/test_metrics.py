from rich.console import Console

from nodelens.explaining.averages import Mean, MethodMeans
from nodelens.report.gradcam.metrics import metrics_table


def shown(rows: list[MethodMeans]) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(metrics_table(rows))
    return capture.get()


def row(method: str, pictures: int, **means: float) -> MethodMeans:
    found = {name: Mean(value, (value - 0.1, value + 0.1)) for name, value in means.items()}
    return MethodMeans(method, "top", pictures, pictures, found)


def test_intervals_are_told_from_three_pictures_on():
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
