"""A study as a table, and the sentences that follow from it."""

from typing import TYPE_CHECKING

from nodelens.figures.adjoint_curves import Study

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def study_table(study: Study) -> "Table":
    """Makes a row for each point, and for each adjoint a column with its figure and its cost."""
    from rich import box
    from rich.table import Table

    series = study.series
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(study.x_label, justify="right", no_wrap=True)
    for each in series:
        table.add_column(each.name, justify="right", no_wrap=True)
        if each.nfe:
            table.add_column("nfe", justify="right", no_wrap=True, style="dim")
        if each.seconds:
            table.add_column("s", justify="right", no_wrap=True, style="dim")
    for index, x in enumerate(series[0].x):
        cells = []
        for each in series:
            y = each.y[index]
            cells.append("failed" if y != y else f"{y:.1e}")
            if each.nfe:
                cells.append("" if y != y else f"{each.nfe[index]:,}")
            if each.seconds:
                cells.append("" if y != y else f"{each.seconds[index]:.2g}")
        table.add_row(f"{x:g}", *cells)
    return table


def study_sentences(study: Study) -> "Text":
    """Says what follows from the study, a line each."""
    from rich.text import Text

    return Text("\n".join([f"the figures are the {study.y_label}", *study.sentences]))
