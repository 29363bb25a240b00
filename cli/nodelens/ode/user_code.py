"""The place in the user's code where an error was raised."""

import site
import sysconfig
import traceback
from pathlib import Path


def describe_user_error(error: BaseException) -> str:
    """Returns the type, the message and the place of an error in the user's code, in one line.

    The place is the last frame that lies neither in this package nor in an installed one; it is
    left out where there is none.
    """
    kind = type(error).__name__
    message = f"{kind}: {first_line(error)}" if str(error).strip() else kind
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_users(f.filename)]
    return f"{message} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else message


def first_line(error: BaseException) -> str:
    """Returns the first line of the message of an error, or its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _is_users(name: str) -> bool:
    if name.startswith("<"):
        return False
    names = ("stdlib", "purelib", "platlib")
    places = [sysconfig.get_paths()[name] for name in names]
    places += [*site.getsitepackages(), site.getusersitepackages()]
    others = {Path(__file__).resolve().parents[1], *(Path(place).resolve() for place in places)}
    return others.isdisjoint(Path(name).resolve().parents)
