"""The rows that the summary and the page of a training have in common."""

from nodelens.report.rows import Row
from nodelens.report.short_numbers import per_second
from nodelens.training.loop.experiment import SampleResult
from nodelens.training.runs.result import RunResult


def loss_row(run: RunResult) -> Row:
    """Returns the loss of the first and of the last steps."""
    first, last = run.first_loss, run.last_loss
    return "loss", f"{first:.4g} → {last:.4g} ({first / last:.1f} times smaller)"


def result_rows(run: RunResult) -> list[Row]:
    """Returns the quality of the trained model and the cost of the training."""
    state, training = run.training.state, run.training
    rows = _quality(run)
    if run.val_loss is not None:
        rows.append(("validation", f"loss {run.val_loss:.4g}, best after step {run.best_step:,}"))
    totals, guard = state.totals, state.guard
    per_step = (
        f"{totals.nfe_forward / state.step:.1f} forward, "
        f"{totals.nfe_backward / state.step:.1f} backward per step"
    )
    rows.append(("evaluations", per_step))
    if training.steps_per_second is not None:
        speed = f"{per_second(training.steps_per_second)} steps/s"
        rows.append(("speed", f"{speed} after {training.compile_seconds:.1f} s of compilation"))
    if guard.skipped:
        steps = "1 step that was" if guard.skipped == 1 else f"{guard.skipped:,} steps that were"
        scaled = f"the learning rate was multiplied by {guard.scale:.3g}"
        rows.append(("skipped", f"{steps} not finite; {scaled}"))
    return rows


def _quality(run: RunResult) -> list[Row]:
    found = run.conclusion.result
    if isinstance(found, SampleResult):
        rows = [("network", _network(found)), (f"on the {found.part} part", _accuracy(found))]
        other = run.baseline.conclusion.result if run.baseline else None
        if isinstance(other, SampleResult):
            rows.append(("baseline", f"{_network(other)}: {_accuracy(other)}"))
        return rows
    rows = [("whole trajectory", _error(found.trajectory_error))]
    if found.extrapolation_error is not None:
        rows.append(("held-out part", _error(found.extrapolation_error)))
    if found.fitted:
        fitted = ", ".join(f"{name} = {value:.6g}" for name, value in found.fitted.items())
        rows.append(("fitted", fitted))
    return rows


def _error(value: float) -> str:
    return f"mean absolute error {value:.4g}, solved from z0 alone"


def _network(found: SampleResult) -> str:
    return f"{found.network}, {found.parameters:,} parameters"


def _accuracy(found: SampleResult) -> str:
    if found.accuracy is not None:
        return f"accuracy {found.accuracy:.2%}, loss {found.loss:.4g}"
    return f"mean absolute error {found.mean_absolute_error:.4g}"
