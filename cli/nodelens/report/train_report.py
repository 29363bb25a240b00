"""A run of `train-ode` as a page: what was asked, what came of it, and its pictures."""

from collections.abc import Mapping
from typing import Any


def train_report(document: Mapping[str, Any], *, title: str, split: str, settings: str) -> str:
    """Writes the page in Markdown; pictures are linked relative to the run directory.

    Args:
        document: The JSON document of `train-ode`.
        title: What was fitted.
        split: What was trained on and what was kept back, in words.
        settings: The settings as YAML.
    """
    final, best, nfe = document["final"], document["best"], document["nfe"]
    steps, throughput = final["step"], document["throughput"]
    rows = [
        ("steps", f"{steps:,} ({document['stopped']})"),
        ("data", split),
        ("training loss", f"{document['initial']['train_loss']:.4g} → {final['train_loss']:.4g}"),
        ("mean absolute error, solved from z0 alone", f"{final['trajectory_error']:.4g}"),
    ]
    if final["extrapolation_error"] is not None:
        rows.append(("the same over what was kept back", f"{final['extrapolation_error']:.4g}"))
    if best["val_loss"] is not None:
        rows.append(("best validation", f"{best['val_loss']:.4g} after step {best['step']:,}"))
    rows += [(f"fitted {name}", f"{value:.6g}") for name, value in document["fitted"].items()]
    rows.append(
        ("evaluations a step", f"{nfe['forward'] / steps:.1f} + {nfe['backward'] / steps:.1f}")
    )
    if document["drift"] > 0:
        rows.append(("largest drift of the backward solve", f"{document['drift']:.1e}"))
    rows.append(("speed", f"{throughput['steps_per_second']:,.0f} steps/s"))
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    pictures = "\n\n".join(
        f"![{alt}](figures/{file})"
        for key, file, alt in (
            ("figure", "fit.png", "Trajectory, phase portrait, vector field and loss"),
            ("training_figure", "training.png", "Loss, evaluations and residuals"),
        )
        if key in document["artifacts"]
    )
    return f"""# {title}

| what | value |
|---|---|
{table}

{pictures}

Go on with `node train-ode --resume {document["run_dir"]}`, predict with
`node predict-ode {document["run_dir"]}`, check its gradients with
`node adjoint-check --run {document["run_dir"]}`.

## Settings

```yaml
{settings.strip()}
```
"""
