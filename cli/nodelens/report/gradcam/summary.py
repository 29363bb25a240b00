"""What `gradcam` prints for a person."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

WORDS = {"overlay": "overlay", "heatmap": "heat map", "raw": "raw map", "signed": "signed map"}
JUDGED = {"metrics": "how faithful", "sanity": "with shuffled weights"}


def image_summary(image: dict[str, Any], directory: Path) -> "list[RenderableType]":
    """Tells what one picture was taken for, and where the explanation is.

    Args:
        image: The picture's part of the JSON document.
        directory: Where its files are.

    Returns:
        What is printed.
    """
    from rich.padding import Padding
    from rich.text import Text

    width, height = image["size"]
    notes = "".join(f", {note}" for note in image["notes"])
    title = Text.assemble((image["path"], "bold"), (f"  {width} x {height} pixels{notes}", "dim"))
    parts: list[RenderableType] = [title, Padding(_predictions(image), (0, 0, 0, 2), expand=False)]
    for found in image["maps"]:
        where = f"{found['class_name']} at {found['layer']}"
        nothing = ("no positive evidence: ", "yellow") if found["empty"] else ""
        shown = found["files"].get("figure") or next(iter(found["files"].values()))
        parts.append(Text.assemble(f"  {where}: ", nothing, (shown, "cyan")))
        if found["localisation"] and not found["empty"]:
            parts.append(_in_boxes(found["localisation"]))
        if "animation" in found["files"]:
            parts.append(Text.assemble("    moving: ", (found["files"]["animation"], "cyan")))
        if "completeness_gap" in found["details"]:
            parts.append(_completeness(found["details"]))
    for kind, file in image["figures"].items():
        parts.append(Text.assemble(f"  {JUDGED[kind]}: ", (file, "cyan")))
    kinds = image["maps"][0]["files"]
    if len(image["maps"]) > 1 and "overlay" in kinds:
        parts.append(Text.assemble("  together: ", (str(directory / "comparison.png"), "cyan")))
    written = [WORDS[kind] for kind in kinds if kind in WORDS]
    parts.append(Text(f"  {', '.join(written)} and manifest: {directory}/", style="dim"))
    return parts


def image_line(image: dict[str, Any], directory: Path) -> "list[RenderableType]":
    """Tells the same as `image_summary` in one line, where there are many pictures.

    Args:
        image: The picture's part of the JSON document.
        directory: Where its files are.

    Returns:
        What is printed.
    """
    from rich.text import Text

    best = image["predictions"][0]
    empty = sum(found["empty"] for found in image["maps"])
    nothing = f"  no positive evidence in {empty} of {len(image['maps'])} maps"
    line = Text.assemble((image["path"], "bold"), f"  {best['name']} {best['score']:.3f}")
    line.append(nothing if empty else "", "yellow")
    return [line.append(f"  {directory}/", "cyan")]


def layers_table(rows: Sequence[dict[str, Any]]) -> "RenderableType":
    """The layers of a model.

    Args:
        rows: The layers as in the JSON document.

    Returns:
        A table; layers of which no map can be made are dim.
    """
    table = _plain_table()
    table.add_column("layer", no_wrap=True)
    table.add_column("type")
    for heading in ("output", "sees", "every"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        shape = " x ".join(str(n or "?") for n in row["output_shape"] or [])
        size, stride = _field(row["receptive_field"])
        style = None if row["spatial"] else "dim"
        table.add_row(row["name"], row["type"], shape, size, stride, style=style)
    return table


def _field(field: dict[str, Any] | None) -> tuple[str, str]:
    if field is None:
        return "", ""
    both = field["height"], field["width"]
    size = " x ".join(str(axis["size"]) for axis in both)
    return f"{size} px", f"{' x '.join(str(axis['stride']) for axis in both)} px"


def _in_boxes(found: dict[str, Any]) -> "RenderableType":
    """How much of a map lies in the boxes."""
    from rich.text import Text

    hit = "in or next to" if found["hit"] else "outside"
    return Text(
        f"    {found['share']:.1%} of it in the box, which is {found['area']:.1%} of the picture; "
        f"its maximum lies {hit} the box",
        style="dim",
    )


def _completeness(details: dict[str, float]) -> "RenderableType":
    """How well integrated gradients or the full gradient add up."""
    from rich.text import Text

    if "bias_sum" in details:
        total = details["input_sum"] + details["bias_sum"]
        return Text(
            f"    the input adds {details['input_sum']:.4g} and the biases "
            f"{details['bias_sum']:.4g}, together {total:.4g}; the score is "
            f"{details['score']:.4g}",
            style="dim",
        )
    difference = details["score"] - details["baseline_score"]
    total = difference + details["completeness_gap"]
    return Text(
        f"    adds up to {total:.4g}; the score differs from that of the baseline by "
        f"{difference:.4g}",
        style="dim",
    )


def _predictions(image: dict[str, Any]) -> "RenderableType":
    table = _plain_table()
    table.add_column("class", justify="right")
    table.add_column("name")
    table.add_column("probability", justify="right")
    table.add_column("logit", justify="right")
    for number, row in enumerate(image["predictions"]):
        table.add_row(
            str(row["index"]),
            row["name"],
            f"{row['score']:.3f}",
            f"{row['logit']:.2f}",
            style="bold" if number == 0 else None,
        )
    return table


def _plain_table() -> Any:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
