"""The options of `node adjoint-check` that no other command has."""

from pathlib import Path
from typing import Annotated

import typer

from nodelens.commands.options import FLAG, RUNNING, SETTINGS

CHECKED = "What is checked"

ProblemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--problem",
        metavar="NAME",
        help="Problem to check; repeatable. By default all.",
        rich_help_panel=CHECKED,
    ),
]
ListProblemsOption = Annotated[
    bool,
    typer.Option(
        "--list-problems",
        metavar=FLAG,
        help="Print the problems, and stop.",
        rich_help_panel=CHECKED,
    ),
]
FieldOption = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="FILE.py:NAME|MODULE:NAME",
        help="Your own field instead: a callable f(t, z), a Keras layer or model, or a factory. "
        "Importing it runs your code.",
        rich_help_panel=CHECKED,
    ),
]
RunOption = Annotated[
    Path | None,
    typer.Option(
        "--run",
        metavar="RUN_DIR",
        help="The trained field of a run of train-ode instead, on windows of its own data, with "
        "the run's solver, tolerances and adjoint unless others are given.",
        rich_help_panel=CHECKED,
    ),
]
Z0Option = Annotated[
    str | None,
    typer.Option(
        "--z0",
        metavar="NUMBERS",
        help="Its initial state: `1.0,0.5`, or `[[1.0, 0.5]]` with a batch.",
        rich_help_panel=CHECKED,
    ),
]
TimesOption = Annotated[
    str | None,
    typer.Option(
        "--times",
        metavar="NUMBERS",
        help="Its times of observation, the first one that of z0. By default `0,0.5,1`.",
        rich_help_panel=CHECKED,
    ),
]
AdjointOption = Annotated[
    list[str] | None,
    typer.Option(
        "--adjoint",
        metavar="NAME|all",
        help="Adjoint to check; repeatable.",
        rich_help_panel=CHECKED,
    ),
]
SolverOption = Annotated[
    str | None,
    typer.Option("--solver", metavar="NAME", help="Solver.", rich_help_panel=SETTINGS),
]
RtolOption = Annotated[
    float | None, typer.Option("--rtol", help="Relative tolerance.", rich_help_panel=SETTINGS)
]
AtolOption = Annotated[
    float | None, typer.Option("--atol", help="Absolute tolerance.", rich_help_panel=SETTINGS)
]
Float32Option = Annotated[
    bool,
    typer.Option(
        "--float32",
        metavar=FLAG,
        help="Solve in single precision; the references stay in double.",
        rich_help_panel=SETTINGS,
    ),
]
ProofOption = Annotated[
    bool,
    typer.Option(
        "--proof",
        metavar=FLAG,
        help="Evaluate each line of the proof of the adjoint on one problem; with --out, draw it.",
        rich_help_panel=CHECKED,
    ),
]
StudyOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="order|stiffness|drift|memory",
        help="How errors grow with the tolerance, with stiffness, on the way back; how memory "
        "grows with the steps. With --out, draw it.",
        rich_help_panel=CHECKED,
    ),
]
JunitOption = Annotated[
    Path | None,
    typer.Option(
        "--junit",
        metavar="FILE",
        help="Write each comparison as a test case, for CI systems.",
        rich_help_panel=RUNNING,
    ),
]
FailFastOption = Annotated[
    bool,
    typer.Option(
        "--fail-fast",
        metavar=FLAG,
        help="Stop after the first problem that fails.",
        rich_help_panel=RUNNING,
    ),
]
