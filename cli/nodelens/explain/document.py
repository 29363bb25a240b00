"""An explanation as plain data, for JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

from nodelens.conv.receptive_field import AxisField
from nodelens.explain.classifier import Classifier
from nodelens.explain.explanation import Explanation, HeatMap
from nodelens.explain.layers import LayerRow
from nodelens.explain.receptive_field import ReceptiveField
from nodelens.explain.save import MapFiles


def model_document(classifier: Classifier) -> dict[str, Any]:
    """What is known about the model.

    Args:
        classifier: The model.

    Returns:
        Plain data.
    """
    return {
        "name": classifier.name,
        "weights": classifier.weights.kind,
        "weights_description": classifier.weights.description,
        "weights_sha256": classifier.weights.sha256,
        "input_shape": [*classifier.input_size, 3],
        "preprocess": classifier.preprocess_name,
    }


def image_document(explanation: Explanation, files: Sequence[MapFiles] = ()) -> dict[str, Any]:
    """What was found out about one photo.

    Args:
        explanation: The findings.
        files: The files of each map; none if nothing was written.

    Returns:
        Plain data.
    """
    written: Sequence[MapFiles | None] = files or [None] * len(explanation.maps)
    photo = explanation.photo
    return {
        "path": str(photo.path),
        "sha256": photo.sha256,
        "size": list(photo.size),
        "notes": list(photo.notes),
        "predictions": [asdict(prediction) for prediction in explanation.predictions],
        "maps": [
            _map(heat_map, its_files)
            for heat_map, its_files in zip(explanation.maps, written, strict=True)
        ],
    }


def metrics_document(images: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean measures of faithfulness of each method at each layer.

    Args:
        images: The documents of the photos.

    Returns:
        Plain data; `maps` tells over how many maps the mean goes. Empty maps are not measured.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in (each for image in images for each in image["maps"] if each["metrics"]):
        found.setdefault((each["method"], each["layer"]), []).append(each["metrics"])
    return [
        {
            "method": method,
            "layer": layer,
            "maps": len(measures),
            "deletion": mean(each["deletion"] for each in measures),
            "insertion": mean(each["insertion"] for each in measures),
            "average_drop": mean(each["drop"] for each in measures),
            "increase_in_confidence": mean(float(each["increase"]) for each in measures),
        }
        for (method, layer), measures in found.items()
    ]


def layer_document(row: LayerRow) -> dict[str, Any]:
    """One layer of a model.

    Args:
        row: What is known about it.

    Returns:
        Plain data.
    """
    return {
        "name": row.name,
        "type": row.type,
        "output_shape": None if row.output_shape is None else list(row.output_shape),
        "spatial": row.spatial,
        "receptive_field": _receptive_field(row.receptive_field),
    }


def _map(heat_map: HeatMap, files: MapFiles | None) -> dict[str, Any]:
    target = heat_map.target
    return {
        "layer": heat_map.layer,
        "class_index": target.index,
        "class_name": target.name,
        "score": target.score,
        "logit": target.logit,
        "method": heat_map.method,
        "target": heat_map.explains,
        "signed": heat_map.signed,
        "counterfactual": heat_map.counterfactual,
        "smooth": heat_map.smooth,
        "shape": list(heat_map.values.shape),
        "max": heat_map.max,
        "min": heat_map.min,
        "empty": heat_map.empty,
        "receptive_field": _receptive_field(heat_map.receptive_field),
        "details": dict(heat_map.details),
        "metrics": asdict(heat_map.faithfulness) if heat_map.faithfulness else None,
        "files": {} if files is None else {k: str(path) for k, path in files.as_dict().items()},
    }


def _receptive_field(field: ReceptiveField | None) -> dict[str, Any] | None:
    if field is None:
        return None
    return {"height": _axis(field.height), "width": _axis(field.width)}


def _axis(axis: AxisField) -> dict[str, Any]:
    return {key: getattr(axis, key) for key in ("size", "stride", "padding", "center")}
