"""The progress of a check, problem by problem."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nodelens.report.output import Output


@contextmanager
def shown_progress(output: Output, count: int) -> Iterator[Callable[[str, str], None]]:
    """Shows a bar where a person watches, and a line for each problem in a log.

    Args:
        output: Where to speak.
        count: The number of problems.

    Yields:
        A function to be called with the problem and the part of the work that begins.
    """
    seen: list[str] = []
    if not output.live:

        def tell(problem: str, part: str) -> None:
            if problem not in seen:
                seen.append(problem)
                output.note(f"checking {problem} ({len(seen)} of {count})")

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=output.console, transient=True) as progress:
        task = progress.add_task("", total=count)

        def move(problem: str, part: str) -> None:
            if problem not in seen:
                seen.append(problem)
            described = f"{problem}: {part}"
            progress.update(task, completed=len(seen) - 1, description=described)

        yield move
