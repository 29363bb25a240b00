"""The Typer app: which subcommands there are."""

import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from nodelens.commands.adjoint.command import adjoint_check
from nodelens.commands.conv.command import conv_params
from nodelens.commands.doctor import doctor
from nodelens.commands.gradcam.command import gradcam
from nodelens.commands.options import FLAG
from nodelens.commands.train.predict_ode import predict_ode
from nodelens.commands.train.train_ode import train_ode
from nodelens.errors import ExitCode
from nodelens.version import VERSION

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
            metavar=FLAG,
            help="Print the version.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", metavar=FLAG, help="Show the traceback of an error.")
    ] = False,
) -> None:
    """What may stand before the name of a subcommand."""


def _offer(name: str, command: Callable[..., ExitCode]) -> None:
    """Adds a subcommand; its help is its docstring, each paragraph on one line of any width."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    app.command(name, help="\n\n".join(" ".join(p.split()) for p in paragraphs))(command)


_offer("train-ode", train_ode)
_offer("predict-ode", predict_ode)
_offer("adjoint-check", adjoint_check)
_offer("gradcam", gradcam)
_offer("conv-params", conv_params)
_offer("doctor", doctor)
