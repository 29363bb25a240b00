"""A run of `train-ode` as a page: its result, its figures, its settings."""

import shlex

from nodelens.report.page import Page, to_html, to_markdown
from nodelens.report.train.results import loss_row, result_rows
from nodelens.runtime.files import write_text
from nodelens.training.runs.result import RunResult


def run_page(run: RunResult) -> Page:
    """Makes the page of a run; its figures are found relative to the run directory.

    Args:
        run: The run.
    """
    state, directory = run.training.state, shlex.quote(str(run.directory))
    rows = [
        ("steps", f"{state.step:,} ({run.training.stopped})"),
        ("data", run.split),
        loss_row(run),
        *result_rows(run),
    ]
    if state.totals.drift > 0:
        rows.append(("largest drift of the backward solve", f"{state.totals.drift:.1e}"))
    return Page(
        title=f"Neural ODE after {state.step:,} steps: {run.title}",
        rows=tuple(rows),
        pictures=tuple((f"figures/{each.file}", each.caption) for each in run.figures),
        commands=(
            ("continue", f"node train-ode --resume {directory}"),
            ("predict", f"node predict-ode {directory}"),
            ("check the gradients", f"node predict-ode {directory} --gradient-check"),
        ),
        settings=run.artifacts["config"].read_text(encoding="utf-8"),
    )


def write_pages(run: RunResult) -> None:
    """Writes the page of a run as Markdown and as HTML, beside its report."""
    page = run_page(run)
    contents = {f"figures/{each.file}": each.content for each in run.figures}
    write_text(run.artifacts["page"], to_markdown(page))
    write_text(run.artifacts["html"], to_html(page, contents))
