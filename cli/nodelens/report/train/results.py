"""The rows that the summary and the page of a training have in common."""

from collections.abc import Mapping
from math import inf, isfinite

from nodelens.report.rows import Row
from nodelens.report.short_numbers import per_second
from nodelens.training.loop.experiment import SampleResult, TrajectoryResult
from nodelens.training.runs.result import RunResult

SHOWN = 5


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
    if run.gradient is not None:
        rows.append(("adjoint", _with_reason(run.gradient.name, run.gradient.reason)))
    if training.steps_per_second is not None:
        speed = f"{per_second(training.steps_per_second)} steps/s"
        rows.append(("speed", f"{speed} after {training.compile_seconds:.1f} s of compilation"))
    if totals.left_out:
        windows = "1 window" if totals.left_out == 1 else f"{totals.left_out:,} windows"
        rows.append(("left out", f"{windows} of all batches, whose solution failed"))
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
    rows = [] if found.calendar is None else [("time", f"in {found.calendar}")]
    rows += _trajectories(found)
    if found.starts.method == "fitted":
        rows.append(("initial states", _with_reason("fitted", found.starts.reason)))
    if found.fitted:
        fitted = ", ".join(f"{name} = {value:.6g}" for name, value in found.fitted.items())
        rows.append(("fitted", fitted))
    return rows


def _trajectories(found: TrajectoryResult) -> list[Row]:
    """The errors over the trajectories trained on and over what was held out."""
    scores, rows = found.scores, []
    trained = {each.name: each.error for each in scores if each.error is not None}
    held_out = {
        each.name: each.held_out_error for each in scores if each.held_out_error is not None
    }
    start = _start(found)
    if trained:
        label = "whole trajectory" if len(scores) == 1 else "whole trajectories"
        rows.append((label, _error(found.trajectory_error, trained, start)))
    if trained and found.mean_error is not None and found.persistence_error is not None:
        rows.append(
            (
                "without a model",
                f"the mean of the data has {found.mean_error:.4g}, the first state "
                f"{found.persistence_error:.4g}",
            )
        )
    if found.extrapolation_error is not None:
        parts = held_out.keys() <= trained.keys()
        named = "" if parts or len(held_out) > 1 else f" of {next(iter(held_out))!r}"
        text = _error(found.extrapolation_error, held_out, start, named)
        rows.append(("held-out part" if parts else "held out", text))
    unsolved = [each.name for each in scores if each.start is None]
    if unsolved:
        shown = ", ".join(repr(name) for name in unsolved[:SHOWN])
        more = f" and {len(unsolved) - SHOWN:,} more" if len(unsolved) > SHOWN else ""
        rows.append(
            ("not judged", f"{shown}{more}: no state to start from was measured completely")
        )
    return rows


def _start(found: TrajectoryResult) -> str:
    """Says where the solutions start."""
    z0 = "the fitted z0" if any(each.fitted for each in found.scores) else "z0"
    later = [each for each in found.scores if each.start is not None and not each.first]
    if not later:
        return f"solved from {z0} alone"
    if len(found.scores) == 1:
        return f"solved from the state at t = {later[0].start:.6g} alone, the first complete one"
    return f"solved from {z0} alone, {len(later):,} of them from their first complete state"


def _error(mean: float, errors: Mapping[str, float], start: str, named: str = "") -> str:
    """The mean error in words, and which of several trajectories is the worst."""
    text = f"mean absolute error{named} {mean:.4g}, {start}"
    if len(errors) < 2:
        return text
    worst = max(errors, key=lambda name: errors[name] if isfinite(errors[name]) else inf)
    return f"{text}; of {len(errors):,} the worst is {worst!r} with {errors[worst]:.4g}"


def _network(found: SampleResult) -> str:
    return f"{found.network}, {found.parameters:,} parameters"


def _accuracy(found: SampleResult) -> str:
    if found.accuracy is not None:
        return f"accuracy {found.accuracy:.2%}, loss {found.loss:.4g}"
    return f"mean absolute error {found.mean_absolute_error:.4g}"


def _with_reason(chosen: str, reason: str | None) -> str:
    return f"{chosen}: {reason}" if reason else chosen
