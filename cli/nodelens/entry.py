"""The console scripts, and the one boundary that turns errors into messages and exit codes."""

import errno
import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from nodelens.errors import ExitCode, NodelensError, StoppedError

PROBLEM_REPORT = "run again with --debug to see the traceback"


def node() -> NoReturn:
    """Runs the script `node`: hands over calls meant for Node.js, and is `nodelens` otherwise."""
    from nodelens.runtime.nodejs import hand_over, is_meant_for_nodejs

    if is_meant_for_nodejs(sys.argv[1:]):
        sys.exit(guard(lambda: hand_over(sys.argv[1:]), debug=False))
    main()


def main() -> NoReturn:
    """Runs the script `nodelens`."""
    from nodelens.runtime.signals import stop_on_signals

    gc.disable()  # importing makes much and drops little; a command turns it on again
    # Plugins of pydantic are looked for in every installed package, which takes its time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    stop_on_signals()
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 (argv[0] is a word, not a path)
    program = name if name in {"node", "nodelens"} else "nodelens"
    _leave(run(sys.argv[1:], program))


def _leave(code: int) -> NoReturn:
    """Ends the process, at once where there is nothing to tidy up: that takes a fifth of a call."""
    if "tensorflow" not in sys.modules and "matplotlib" not in sys.modules:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            sys.exit(code)
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str], program: str = "nodelens") -> int:
    """Runs one command line.

    Args:
        arguments: The words after the name of the program.
        program: The name of the program, for usage texts.

    Returns:
        The exit code (see `nodelens.errors.ExitCode`).
    """
    debug = "--debug" in arguments or os.environ.get("NODELENS_DEBUG", "") not in {"", "0"}
    if not ({"-v", "--verbose", "--debug"} & set(arguments) or sys.warnoptions):
        import warnings

        warnings.simplefilter("ignore")

    def command() -> int:
        from nodelens.app import make_app

        return int(
            make_app(arguments)(args=arguments, prog_name=program, standalone_mode=False) or 0
        )

    return guard(command, debug=debug)


def guard(action: Callable[[], int], *, debug: bool) -> int:
    """Runs `action` and turns what it raises into one message on stderr and an exit code."""
    try:
        code = action()
        sys.stdout.flush()
        return code
    except StoppedError as stop:
        return _report(stop.message, stop.hint, stop.exit_code)
    except NodelensError as error:
        if debug:
            _print_traceback()
        return _report(error.message, error.hint, error.exit_code)
    except BrokenPipeError:
        # The reader of the output has gone (`node … | head`), and needs no message.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 (the boundary: everything ends here)
        if debug:
            _print_traceback()
        message, hint, code = _translate(error)
        return _report(message, hint, code)


def _translate(error: Exception) -> tuple[str, str | None, ExitCode]:
    """Returns the message, the hint and the exit code of an error that is not one of ours."""
    import typer

    from nodelens.runtime.files import DISK_FULL

    if isinstance(error, typer.TyperException):
        return _usage_message(error)
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        where = f" while writing {error.filename}" if error.filename else ""
        return (
            f"the disk is full{where}",
            "free some space, or choose another place with --out",
            ExitCode.ENVIRONMENT,
        )
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return (
            f"the file system is read-only: {error.filename}",
            "choose another place with --out",
            ExitCode.ENVIRONMENT,
        )
    if isinstance(error, PermissionError):
        return (
            f"permission denied: {error.filename}",
            "choose another place with --out, or change the permissions",
            ExitCode.USAGE,
        )
    if isinstance(error, MemoryError):
        return "the memory of this machine is not enough for this", None, ExitCode.ENVIRONMENT
    fields = sys.modules.get("nodelens.ode.vector_field")
    if fields is not None and isinstance(error, fields.VectorFieldError):
        return f"{error}".rstrip("."), "run again with --debug to see where", ExitCode.USAGE
    text = " ".join(str(error).split()) or "no message"
    return (
        f"unexpected {type(error).__name__}: {text[:500]}",
        PROBLEM_REPORT,
        ExitCode.UNEXPECTED,
    )


def _usage_message(error: Exception) -> tuple[str, str | None, ExitCode]:
    """Returns the same for a wrong call that the parser of the command line found."""
    message = error.format_message()  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    hint = None
    if context is not None:
        hint = f"`{context.command_path} --help` shows what is possible"
    return message.rstrip("."), hint, ExitCode.USAGE


def _report(message: str, hint: str | None, code: int) -> int:
    from nodelens.report.output import print_error

    print_error(message, hint)
    return int(code)


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()
