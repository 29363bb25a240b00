"""The Typer app with its subcommands."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from nodelens.commands.adjoint.command import adjoint_check
from nodelens.commands.adjoint.options import AdjointCheckCall
from nodelens.commands.conv.command import conv_params
from nodelens.commands.conv.options import ConvParamsCall
from nodelens.commands.doctor import DoctorCall, doctor
from nodelens.commands.gradcam.command import gradcam
from nodelens.commands.gradcam.options import GradcamCall
from nodelens.commands.options import Call
from nodelens.commands.train.predict_ode import PredictOdeCall, predict_ode
from nodelens.commands.train.train_ode import TrainOdeCall, train_ode
from nodelens.errors import ExitCode, NodelensError
from nodelens.version import VERSION

C = TypeVar("C", bound=Call)

EXIT_CODES = (
    "Exit codes: 0 done · 1 unexpected error · 2 usage, config or input error · "
    "3 it ran and the answer is no · 4 diverged or failed numerically · "
    "5 the environment lacks something · 130 interrupted · 143 terminated"
)

app = typer.Typer(
    help="Train Neural ODEs and check their gradients, explain image classifiers, "
    "count convolutions.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nodelens {VERSION} (not Node.js)")
        raise typer.Exit


@app.callback()
def _nodelens(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            metavar="",
            help="Print the version.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Options before the name of a subcommand."""


def _offer(run: Callable[[C], ExitCode], calls: type[C]) -> None:
    """Adds a subcommand; its help is its docstring, each paragraph on one line of any width."""

    def command(**given: Any) -> ExitCode:
        call = calls(**given)
        try:
            return run(call)
        except NodelensError as error:
            error.message, error.hint = call.explained(error)
            raise

    command.__signature__ = calls.signature()  # type: ignore[attr-defined]
    paragraphs = inspect.cleandoc(run.__doc__ or "").split("\n\n")
    app.command(calls.command, help="\n\n".join(" ".join(p.split()) for p in paragraphs))(command)


_offer(train_ode, TrainOdeCall)
_offer(predict_ode, PredictOdeCall)
_offer(adjoint_check, AdjointCheckCall)
_offer(gradcam, GradcamCall)
_offer(conv_params, ConvParamsCall)
_offer(doctor, DoctorCall)
