"""The Typer app with its subcommands, of which a call imports only the one that it names."""

import gc
import inspect
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Annotated, Any

import typer

from nodelens.errors import ExitCode, NodelensError
from nodelens.registry import load

COMMANDS = {
    "train-ode": "nodelens.commands.train.train_ode:train_ode",
    "predict-ode": "nodelens.commands.train.predict_ode:predict_ode",
    "adjoint-check": "nodelens.commands.adjoint.command:adjoint_check",
    "gradcam": "nodelens.commands.gradcam.command:gradcam",
    "conv-params": "nodelens.commands.conv.command:conv_params",
    "doctor": "nodelens.commands.doctor:doctor",
}
"""The functions of the subcommands, as `module:attribute`; each takes one call of its own type."""

EXIT_CODES = (
    "Exit codes: 0 done · 1 unexpected error · 2 usage, config or input error · "
    "3 it ran and the answer is no · 4 diverged or failed numerically · "
    "5 the environment lacks something · 130 interrupted · 143 terminated"
)


def make_app(arguments: Sequence[str]) -> typer.Typer:
    """Makes the app that answers a command line.

    Args:
        arguments: The words after the name of the program.
    """
    from nodelens.version import VERSION

    app = typer.Typer(
        help="Train Neural ODEs and check their gradients, explain image classifiers, "
        "count convolutions.",
        epilog=EXIT_CODES,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    def print_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"nodelens {VERSION} (not Node.js)")
            raise typer.Exit

    def nodelens(
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                callback=print_version,
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

    app.callback()(nodelens)
    options = set(takewhile(lambda word: word.startswith("-"), arguments))
    word = next((word for word in arguments if not word.startswith("-")), None)
    listed = "--version" not in options and (word is None or options & {"--help", "-h"})
    for name, place in COMMANDS.items():
        if listed or name == word:
            _offer(app, name, load(place))
        else:
            app.command(name)(_nothing)
    return app


def _nothing() -> None:
    """Stands for a subcommand that is not called: the parser suggests its name for a wrong one."""


def _offer(app: typer.Typer, name: str, run: Callable[[Any], ExitCode]) -> None:
    """Adds a subcommand; its help is its docstring, each paragraph on one line of any width."""
    calls = run.__annotations__["call"]

    def command(**given: Any) -> ExitCode:
        gc.enable()
        call = calls(**given)
        try:
            return run(call)
        except NodelensError as error:
            error.message, error.hint = call.explained(error)
            raise

    command.__signature__ = calls.signature()  # type: ignore[attr-defined]
    paragraphs = inspect.cleandoc(run.__doc__ or "").split("\n\n")
    app.command(name, help="\n\n".join(" ".join(p.split()) for p in paragraphs))(command)
