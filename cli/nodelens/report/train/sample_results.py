"""How good a network on samples is, in a few rows."""

from collections.abc import Mapping
from typing import Any


def sample_results(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows of a name and a value each; none for a run on trajectories.

    Args:
        document: The JSON document of `train-ode`.
    """
    final = document["final"]
    if "judged_by" not in final:
        return []
    rows = [("network", f"{document['network']}, {document['parameters']:,} parameters")]
    rows.append((_where(final), _how_good(final)))
    if "against" in document:
        other = document["against"]
        words = f"{other['network']}, {other['parameters']:,} parameters"
        rows.append(("against", f"{words}: {_how_good(other['final'])}"))
    return rows


def _where(final: Mapping[str, Any]) -> str:
    return f"on the {final['judged_by']} part"


def _how_good(final: Mapping[str, Any]) -> str:
    if "accuracy" in final:
        return f"accuracy {final['accuracy']:.2%}, loss {final['loss']:.4g}"
    return f"mean absolute error {final['mean_absolute_error']:.4g}"
