"""Explanations, models and comparisons as plain data, for JSON; and explanations read back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nodelens.conv.receptive_field import AxisField
from nodelens.explaining.averages import MethodMeans
from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.localisation import Localisation
from nodelens.explaining.judging.measuring import Control
from nodelens.explaining.judging.sanity import Sanity
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.layers import LayerRow
from nodelens.explaining.model.receptive_field import ReceptiveField
from nodelens.explaining.result import MapFiles, MapResult, PictureResult

_AXIS = ("size", "stride", "padding", "center")


def model_document(classifier: Classifier) -> dict[str, Any]:
    """Describes a model as plain data."""
    return {
        "name": classifier.name,
        "weights": classifier.weights.kind,
        "weights_description": classifier.weights.description,
        "weights_sha256": classifier.weights.sha256,
        "input_shape": [*classifier.input_size, 3],
        "preprocess": classifier.preprocess_name,
    }


def layer_document(row: LayerRow) -> dict[str, Any]:
    """Describes one layer of a model as plain data."""
    return {
        "name": row.name,
        "type": row.type,
        "output_shape": None if row.output_shape is None else list(row.output_shape),
        "spatial": row.spatial,
        "receptive_field": _receptive_field(row.receptive_field),
    }


def metrics_document(rows: Sequence[MethodMeans]) -> list[dict[str, Any]]:
    """Makes plain data of the comparison of methods."""
    return [
        {
            "method": row.method,
            "layer": row.layer,
            "maps": row.maps,
            "pictures": row.pictures,
            **{name: each.value for name, each in row.means.items()},
            "intervals": {name: each.interval for name, each in row.means.items()},
            "against_random": {
                name: dict(zip(("mean", "interval"), each.gap, strict=True))
                for name, each in row.means.items()
                if each.gap
            },
        }
        for row in rows
    ]


def image_document(picture: PictureResult) -> dict[str, Any]:
    """Makes plain data of what was found out about one picture."""
    return {
        "path": str(picture.path),
        "sha256": picture.sha256,
        "size": list(picture.size),
        "notes": list(picture.notes),
        "predictions": [asdict(prediction) for prediction in picture.predictions],
        "maps": [_map(each) for each in picture.maps],
        "controls": [
            {
                "layer": control.layer,
                "class_index": control.target.index,
                "class_name": control.target.name,
                "method": "random",
                "metrics": _faithfulness(control.faithfulness),
            }
            for control in picture.controls
        ],
        "sanity": asdict(picture.sanity) if picture.sanity else None,
        "figures": {kind: str(file) for kind, file in picture.figures.items()},
    }


def read_image(document: Mapping[str, Any]) -> PictureResult:
    """Reads what `image_document` made, after it has been JSON.

    Args:
        document: Plain data.

    Returns:
        What was found out about the picture.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: It is no such document.
    """
    maps = tuple(_read_map(each) for each in document["maps"])
    targets = {each.target.index: each.target for each in maps}
    sanity = document["sanity"]
    width, height = document["size"]
    return PictureResult(
        path=Path(document["path"]),
        sha256=document["sha256"],
        size=(width, height),
        notes=tuple(document["notes"]),
        predictions=tuple(_read_prediction(**each) for each in document["predictions"]),
        maps=maps,
        controls=tuple(
            Control(each["layer"], targets[each["class_index"]], _read_measures(each["metrics"]))
            for each in document["controls"]
        ),
        sanity=sanity and Sanity(tuple(sanity["layers"]), _tuples(sanity["correlations"])),
        figures={kind: Path(file) for kind, file in document.get("figures", {}).items()},
    )


def _map(found: MapResult) -> dict[str, Any]:
    return {
        "layer": found.layer,
        "class_index": found.target.index,
        "class_name": found.target.name,
        "score": found.target.score,
        "logit": found.target.logit,
        "method": found.method,
        "target": found.explains,
        "signed": found.signed,
        "counterfactual": found.counterfactual,
        "smooth": found.smooth,
        "shape": list(found.shape),
        "max": found.max,
        "min": found.min,
        "empty": found.empty,
        "receptive_field": _receptive_field(found.receptive_field),
        "details": dict(found.details),
        "box": None if found.box is None else list(found.box),
        "localisation": asdict(found.localisation) if found.localisation else None,
        "metrics": _faithfulness(found.faithfulness) if found.faithfulness else None,
        "files": {kind: str(path) for kind, path in found.files.as_dict().items()},
    }


def _read_map(each: Mapping[str, Any]) -> MapResult:
    located, measures, field = each["localisation"], each["metrics"], each["receptive_field"]
    return MapResult(
        layer=each["layer"],
        target=_read_prediction(
            each["class_index"], each["class_name"], each["score"], each["logit"]
        ),
        method=each["method"],
        shape=tuple(each["shape"]),
        max=_number(each["max"]),
        min=_number(each["min"]),
        receptive_field=field and ReceptiveField(**{k: _read_axis(v) for k, v in field.items()}),
        signed=each["signed"],
        counterfactual=each["counterfactual"],
        smooth=each["smooth"],
        explains=each["target"],
        details={name: _number(value) for name, value in each["details"].items()},
        box=each["box"] and tuple(each["box"]),
        localisation=located and Localisation(**{**located, "boxes": _tuples(located["boxes"])}),
        faithfulness=measures and _read_measures(measures),
        files=MapFiles(**{kind: Path(path) for kind, path in each["files"].items()}),
    )


def _read_prediction(index: int, name: str, score: Any, logit: Any) -> Prediction:
    return Prediction(index, name, _number(score), _number(logit))


def _faithfulness(found: Faithfulness) -> dict[str, Any]:
    return {**found.values, **found.curves}


def _read_measures(document: Mapping[str, Any]) -> Faithfulness:
    curves = {name: each for name, each in document.items() if isinstance(each, list)}
    values = {name: _number(each) for name, each in document.items() if name not in curves}
    return Faithfulness(
        values, {name: tuple(map(_number, curve)) for name, curve in curves.items()}
    )


def _receptive_field(field: ReceptiveField | None) -> dict[str, Any] | None:
    if field is None:
        return None
    axes = {"height": field.height, "width": field.width}
    return {name: {key: getattr(axis, key) for key in _AXIS} for name, axis in axes.items()}


def _read_axis(document: Mapping[str, Any]) -> AxisField:
    # Documents have no smallest size; nothing that is made of them shows it.
    return AxisField(**document, smallest_size=document["size"])


def _number(value: Any) -> Any:
    """Returns a number of JSON, in which null stands for what is not finite."""
    return float("nan") if value is None else value


def _tuples(rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(tuple(row) for row in rows)
