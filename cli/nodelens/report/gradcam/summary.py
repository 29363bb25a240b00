"""The results of `gradcam` for a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.explaining.result import NO_EVIDENCE

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nodelens.explaining.judging.localisation import Localisation
    from nodelens.explaining.model.classes import Prediction
    from nodelens.explaining.model.layers import LayerRow
    from nodelens.explaining.result import PictureResult

WORDS = {"overlay": "overlay", "heatmap": "heat map", "raw": "raw map", "signed": "signed map"}
JUDGED = {"metrics": "how faithful", "sanity": "with shuffled weights"}


def image_summary(picture: "PictureResult", directory: Path) -> "list[RenderableType]":
    """Describes one picture: its best classes, and its files.

    Args:
        picture: What was found out about it.
        directory: The directory of its files.

    Returns:
        What is printed.
    """
    from rich.padding import Padding
    from rich.text import Text

    width, height = picture.size
    notes = "".join(f", {note}" for note in picture.notes)
    title = Text.assemble(
        (str(picture.path), "bold"), (f"  {width} x {height} pixels{notes}", "dim")
    )
    classes = Padding(_predictions(picture.predictions), (0, 0, 0, 2), expand=False)
    parts: list[RenderableType] = [title, classes]
    for found in picture.maps:
        files = found.files.as_dict()
        where = f"{found.target.name} at {found.layer}"
        nothing = (f"{NO_EVIDENCE}: ", "yellow") if found.empty else ""
        shown = files.get("figure") or next(iter(files.values()))
        parts.append(Text.assemble(f"  {where}: ", nothing, (str(shown), "cyan")))
        if found.localisation and not found.empty:
            parts.append(Text(f"    {_in_boxes(found.localisation)}", style="dim"))
        if found.files.animation:
            parts.append(Text.assemble("    moving: ", (str(found.files.animation), "cyan")))
        if "completeness_gap" in found.details:
            parts.append(Text(f"    {_completeness(found.details)}", style="dim"))
    for kind, file in picture.figures.items():
        parts.append(Text.assemble(f"  {JUDGED[kind]}: ", (str(file), "cyan")))
    kinds = picture.maps[0].files.as_dict()
    if len(picture.maps) > 1 and "overlay" in kinds:
        parts.append(Text.assemble("  together: ", (str(directory / "comparison.png"), "cyan")))
    written = [WORDS[kind] for kind in kinds if kind in WORDS]
    parts.append(Text(f"  {', '.join(written)} and manifest: {directory}/", style="dim"))
    return parts


def image_line(picture: "PictureResult", directory: Path) -> "list[RenderableType]":
    """Says the same as `image_summary` in one line, where there are many pictures."""
    from rich.text import Text

    best = picture.predictions[0]
    empty = sum(found.empty for found in picture.maps)
    nothing = f"  {NO_EVIDENCE} in {empty} of {len(picture.maps)} maps"
    line = Text.assemble((str(picture.path), "bold"), f"  {best.name} {best.score:.3f}")
    line.append(nothing if empty else "", "yellow")
    return [line.append(f"  {directory}/", "cyan")]


def layers_table(rows: "Sequence[LayerRow]") -> "RenderableType":
    """Makes the table of the layers of a model.

    Args:
        rows: The layers.

    Returns:
        A table; layers of which no map can be made are dim.
    """
    table = _plain_table()
    table.add_column("layer", no_wrap=True)
    table.add_column("type")
    for heading in ("output", "sees", "every"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        shape = " x ".join(str(n or "?") for n in row.output_shape or [])
        field, style = row.receptive_field, None if row.spatial else "dim"
        size = stride = ""
        if field:
            size = f"{field.height.size} x {field.width.size} px"
            stride = f"{field.height.stride} x {field.width.stride} px"
        table.add_row(row.name, row.type, shape, size, stride, style=style)
    return table


def _in_boxes(found: "Localisation") -> str:
    """Says how much of a map lies in the boxes."""
    hit = "in or next to" if found.hit else "outside"
    return (
        f"{found.share:.1%} of it in the box, which is {found.area:.1%} of the picture; "
        f"its maximum lies {hit} the box"
    )


def _completeness(details: Mapping[str, float]) -> str:
    """Says how well integrated gradients or the full gradient add up."""
    if "bias_sum" in details:
        total = details["input_sum"] + details["bias_sum"]
        return (
            f"the input adds {details['input_sum']:.4g} and the biases "
            f"{details['bias_sum']:.4g}, together {total:.4g}; the score is {details['score']:.4g}"
        )
    difference = details["score"] - details["baseline_score"]
    total = difference + details["completeness_gap"]
    return (
        f"adds up to {total:.4g}; the score differs from that of the baseline by {difference:.4g}"
    )


def _predictions(predictions: "Sequence[Prediction]") -> "RenderableType":
    table = _plain_table()
    for heading in ("class", "name", "probability", "logit"):
        table.add_column(heading, justify="left" if heading == "name" else "right")
    for number, row in enumerate(predictions):
        style = "bold" if number == 0 else None
        table.add_row(str(row.index), row.name, f"{row.score:.3f}", f"{row.logit:.2f}", style=style)
    return table


def _plain_table() -> Any:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
