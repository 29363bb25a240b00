"""The figures that judge the maps of one picture."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from nodelens.explaining.judging.faithfulness import ROAD_SHARES, Faithfulness
from nodelens.figures.faithfulness import JudgedMap, metrics_figure, sanity_figure

if TYPE_CHECKING:
    from nodelens.explaining.result import Explanation, HeatMap, Prediction


def judging_figures(explanation: "Explanation") -> dict[str, Figure]:
    """Draws what was measured of the maps of a picture.

    Args:
        explanation: What was found out.

    Returns:
        `metrics` and `sanity`, each if it was asked for.
    """
    figures = {}
    several = len({each.target.index for each in explanation.maps}) > 1
    judged = [
        _judged(_name(each, several), each.faithfulness, control=each.method == "random")
        for each in explanation.maps
        if each.faithfulness
    ]
    judged += [
        _judged(_said("random", each.layer, each.target, several), each.faithfulness, control=True)
        for each in explanation.controls
    ]
    if judged:
        figures["metrics"] = metrics_figure(judged, ROAD_SHARES)
    if explanation.sanity:
        names = [_name(each, several) for each in explanation.maps]
        curves = dict(zip(names, explanation.sanity.correlations, strict=True))
        figures["sanity"] = sanity_figure(explanation.sanity.layers, curves)
    return figures


def _judged(name: str, found: Faithfulness, *, control: bool) -> JudgedMap:
    return JudgedMap(
        name=name,
        control=control,
        deletion=found.deletion_curve,
        insertion=found.insertion_curve,
        most=found.road_most_curve,
        least=found.road_least_curve,
    )


def _name(heat_map: "HeatMap", several: bool) -> str:
    return _said(heat_map.kind, heat_map.layer, heat_map.target, several)


def _said(kind: str, layer: str, target: "Prediction", several: bool) -> str:
    return f"{kind} at {layer}" + (f", {target.name}" if several else "")
