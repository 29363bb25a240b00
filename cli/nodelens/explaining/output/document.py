"""An explanation as plain data, for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nodelens.conv.receptive_field import AxisField
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.layers import LayerRow
from nodelens.explaining.model.receptive_field import ReceptiveField
from nodelens.explaining.output.save import MapFiles
from nodelens.explaining.result import Explanation, HeatMap


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


def image_document(
    explanation: Explanation,
    files: Sequence[MapFiles] = (),
    figures: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """What was found out about one photo.

    Args:
        explanation: The findings.
        files: The files of each map; none if nothing was written.
        figures: The files that judge the maps, if anything was measured.

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
        "controls": [
            {
                "layer": control.layer,
                "class_index": control.target.index,
                "class_name": control.target.name,
                "method": "random",
                "metrics": asdict(control.faithfulness),
            }
            for control in explanation.controls
        ],
        "sanity": asdict(explanation.sanity) if explanation.sanity else None,
        "figures": {kind: str(file) for kind, file in (figures or {}).items()},
    }


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
        "box": None if heat_map.box is None else list(heat_map.box),
        "localisation": asdict(heat_map.localisation) if heat_map.localisation else None,
        "metrics": asdict(heat_map.faithfulness) if heat_map.faithfulness else None,
        "files": {} if files is None else {k: str(path) for k, path in files.as_dict().items()},
    }


def _receptive_field(field: ReceptiveField | None) -> dict[str, Any] | None:
    if field is None:
        return None
    return {"height": _axis(field.height), "width": _axis(field.width)}


def _axis(axis: AxisField) -> dict[str, Any]:
    return {key: getattr(axis, key) for key in ("size", "stride", "padding", "center")}
