"""The proof as a table: each line of the derivation and how well it holds."""

from typing import TYPE_CHECKING

from nodelens.checking.results import ProofReport
from nodelens.report.adjoint.table import verdict_word

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

LINES = {
    "transition": "a(t) = a(t+ε) ∂T/∂Z",
    "limit.order": "order of (a(t+ε) - a(t))/ε → -a ∂g/∂Z",
    "limit": "its limit",
    "jacobian": "∂g/∂Z, first row [f_z, f_θ, f_t]",
    "jacobian.zero_rows": "∂g/∂Z, the other rows",
    "derivative": "da/dt = -a ∂f/∂z",
    "integral": "dL/dθ = -∫ a f_θ dt, t₁ to t₀",
    "t1": "dL/dt₁ = a(t₁) f(t₁)",
    "t0": "dL/dt₀ = -a(t₀) f(t₀)",
}


def proof_table(report: ProofReport) -> "Table":
    """Makes a row for each line of the proof, in its order."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("line", "found by", "against"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rel. error", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    before = ""
    for check in report.checks:
        line = LINES[check.block.removeprefix("proof.")]
        table.add_row(
            Text("" if line == before else line),
            check.method,
            check.reference,
            f"{check.rel_error:.1e}",
            f"{check.tolerance:.0e}",
            verdict_word(check.passed),
        )
        before = line
    return table


def proof_verdict(report: ProofReport) -> "Text":
    """Says in one sentence whether the proof holds here."""
    from rich.text import Text

    failed = [check for check in report.checks if not check.passed]
    count, order = len(report.checks), report.curves.order
    if not failed:
        return Text(
            f"pass: all {count} equations of the proof hold on the problem "
            f"{report.name!r}; the limit converges with order {order:.2f}",
            style="bold green",
        )
    lines = dict.fromkeys(LINES[check.block.removeprefix("proof.")] for check in failed)
    return Text(
        f"fail: {len(failed)} of {count} equations do not hold: {', '.join(lines)}",
        style="bold red",
    )
