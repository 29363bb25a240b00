"""A run of `train-ode` as a page: its result, its figures, its settings."""

from nodelens.report.page import Page, to_html, to_markdown
from nodelens.report.train.results import loss_row, result_rows
from nodelens.runtime.files import write_text
from nodelens.training.runs.result import RunResult


def run_page(run: RunResult) -> Page:
    """Makes the page of a run.

    Figures and commands are relative to the run directory, which may be moved.

    Args:
        run: The run.
    """
    state = run.training.state
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
            ("continue", "node train-ode --resume ."),
            ("predict", "node predict-ode ."),
            ("check the gradients", "node predict-ode . --gradient-check"),
        ),
        settings=run.artifacts["config"].read_text(encoding="utf-8"),
    )


def write_pages(run: RunResult) -> None:
    """Writes the page of a run as Markdown and as HTML, beside its report."""
    page = run_page(run)
    contents = {f"figures/{each.file}": each.content for each in run.figures}
    write_text(run.artifacts["page"], to_markdown(page))
    write_text(run.artifacts["html"], to_html(page, contents))
