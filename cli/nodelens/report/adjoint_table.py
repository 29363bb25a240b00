"""The verdict on gradients as a table."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def adjoint_table(document: dict[str, Any]) -> "Table":
    """A table of all checks, the worst first.

    Args:
        document: The JSON document of `adjoint-check`.
    """
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("gradient", "adjoint", "against"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rel. error", "1 - cosine", "tolerance"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in sorted(document["checks"], key=_badness, reverse=True):
        style = "green" if check["passed"] else "bold red"
        table.add_row(
            _gradient(check["block"]),
            check["method"],
            check["reference"],
            f"{check['rel_error']:.1e}",
            f"{max(0.0, 1 - check['cosine']):.1e}",
            f"{check['tolerance']:.0e}",
            f"[{style}]{'pass' if check['passed'] else 'FAIL'}[/]",
        )
    return table


def adjoint_verdict(document: dict[str, Any]) -> "Text":
    """One sentence: how many gradients hold."""
    from rich.text import Text

    checks = document["checks"]
    failed = [check for check in checks if not check["passed"]]
    if not failed:
        text = f"pass: all {len(checks)} comparisons on the problem {document['problem']!r} agree"
        return Text(text, style="bold green")
    blocks = ", ".join(dict.fromkeys(f"{c['method']} {_gradient(c['block'])}" for c in failed))
    return Text(
        f"fail: {len(failed)} of {len(checks)} comparisons disagree: {blocks}", style="bold red"
    )


def _gradient(block: str) -> str:
    return f"dL/d{'θ' if block == 'theta' else block}"


def _badness(check: dict[str, Any]) -> float:
    error = check["rel_error"]
    return float("inf") if error != error else error / check["tolerance"]
