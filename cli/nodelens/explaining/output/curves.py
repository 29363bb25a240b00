"""The figures that judge the maps of one picture: curves of the measures, and shuffled weights."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.registry import faithfulness_measures
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.result import Findings
from nodelens.figures.faithfulness import CurvePanel, metrics_figure, sanity_figure


def judging_figures(findings: Findings) -> dict[str, Figure]:
    """Draws what was measured of the maps of a picture.

    Args:
        findings: What was found out about the picture.

    Returns:
        `metrics` and `sanity`, each if it was requested.
    """
    figures = {}
    several = len({each.target.index for each in findings.maps}) > 1
    names = [_name(each.kind, each.layer, each.target, several) for each in findings.maps]
    measured = [
        (name, each.method == "random", each.faithfulness)
        for name, each in zip(names, findings.maps, strict=True)
        if each.faithfulness
    ]
    measured += [
        (_name("random", each.layer, each.target, several), True, each.faithfulness)
        for each in findings.controls
    ]
    if measured:
        shown = [name for name, _, _ in measured]
        controls = {name for name, control, _ in measured if control}
        panels = _panels([found for _, _, found in measured])
        figures["metrics"] = metrics_figure(shown, controls, panels)
    if findings.sanity:
        curves = dict(zip(names, findings.sanity.correlations, strict=True))
        figures["sanity"] = sanity_figure(findings.sanity.layers, curves)
    return figures


def _panels(measured: Sequence[Faithfulness]) -> list[CurvePanel]:
    return [
        CurvePanel(
            title=panel.title,
            x=f"share of the pixels {panel.x}",
            note=panel.note,
            curves=[[found.curves[name] for name in panel.curves] for found in measured],
            shares=panel.shares,
        )
        for measure in faithfulness_measures()
        if (panel := measure.panel)
    ]


def _name(kind: str, layer: str, target: Prediction, several: bool) -> str:
    return f"{kind} at {layer}" + (f", {target.name}" if several else "")
