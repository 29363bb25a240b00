"""A run of `train-ode` as a page: what was asked, what came of it, and its pictures."""

import shlex
from collections.abc import Mapping
from typing import Any

from nodelens.report.page import Page
from nodelens.report.quantities import per_second
from nodelens.report.train.sample_results import sample_results
from nodelens.report.train.skipped import skipped_in_words


def train_report(
    document: Mapping[str, Any],
    *,
    title: str,
    split: str,
    pictures: tuple[tuple[str, str], ...],
    settings: str,
) -> Page:
    """Says what came of a run; its pictures are found relative to the run directory.

    Args:
        document: The JSON document of `train-ode`.
        title: What was fitted.
        split: What was trained on and what was kept back, in words.
        pictures: The path of each relative to the run directory, and what it shows.
        settings: The settings as YAML.
    """
    final, best, nfe = document["final"], document["best"], document["nfe"]
    steps, throughput = final["step"], document["throughput"]
    rows = [
        ("steps", f"{steps:,} ({document['stopped']})"),
        ("data", split),
        ("training loss", f"{document['initial']['train_loss']:.4g} → {final['train_loss']:.4g}"),
        *sample_results(document),
    ]
    if "trajectory_error" in final:
        rows.append(
            ("mean absolute error, solved from z0 alone", f"{final['trajectory_error']:.4g}")
        )
    if final.get("extrapolation_error") is not None:
        rows.append(("the same over what was kept back", f"{final['extrapolation_error']:.4g}"))
    if best["val_loss"] is not None:
        rows.append(("best validation", f"{best['val_loss']:.4g} after step {best['step']:,}"))
    rows += [
        (f"fitted {name}", f"{value:.6g}") for name, value in document.get("fitted", {}).items()
    ]
    rows.append(
        ("evaluations a step", f"{nfe['forward'] / steps:.1f} + {nfe['backward'] / steps:.1f}")
    )
    if document["drift"] > 0:
        rows.append(("largest drift of the backward solve", f"{document['drift']:.1e}"))
    if document["skipped"]["steps"]:
        rows.append(("left out", skipped_in_words(document)))
    rows.append(("speed", f"{per_second(throughput['steps_per_second'])} steps/s"))
    run_dir = shlex.quote(document["run_dir"])
    return Page(
        title=title,
        rows=tuple(rows),
        pictures=pictures,
        commands=(
            ("go on", f"node train-ode --resume {run_dir}"),
            ("predict", f"node predict-ode {run_dir}"),
            ("check the gradients", f"node predict-ode {run_dir} --gradient-check"),
        ),
        settings=settings,
    )
