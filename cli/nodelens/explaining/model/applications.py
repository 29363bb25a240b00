"""The networks of `keras.applications`: their preprocessing and the files of their weights."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from nodelens.errors import UsageError

_HOST = "https://storage.googleapis.com/"


@dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        name: The name that a user gives, such as `resnet50`.
        function: Its function in `keras.applications`.
        preprocess: The family of its preprocessing.
        file: The name of its ImageNet weights in Keras' cache.
        url: The address at which Keras publishes them.
        checksum: The MD5 or SHA-256 that Keras expects; empty where Keras knows none.
    """

    name: str
    function: str
    preprocess: str
    file: str
    url: str
    checksum: str

    @property
    def algorithm(self) -> str:
        """The kind of the checksum."""
        return "sha256" if len(self.checksum) == 64 else "md5"


@cache
def applications() -> dict[str, Application]:
    """Returns all networks, by name.

    The table holds what `keras.applications` of Keras 3.15 asks its downloader for; a test
    compares the two.
    """
    table = Path(__file__).parent / "weights" / "applications.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        return {
            row["name"].lower(): Application(
                name=row["name"].lower(),
                function=row["name"],
                preprocess=row["preprocess"],
                file=row["file"],
                url=_HOST + row["url"],
                checksum=row["checksum"],
            )
            for row in csv.DictReader(lines)
        }


def find_application(name: str) -> Application | None:
    """Finds a network, such as `ResNet50` or `mobilenet_v2`; None if no network is called so.

    Capitals, hyphens and underscores make no difference.
    """
    return applications().get(name.lower().replace("-", "").replace("_", ""))


def refuse_unknown_model(name: str) -> None:
    """Refuses a model that is neither a network of Keras nor looks like the path of a file.

    Raises:
        UsageError: It is neither.
    """
    path = Path(name)
    if find_application(name) or path.exists() or path.suffix or path.name != name:
        return
    near = get_close_matches(name.lower(), applications(), n=3)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(
        f"there is no model named {name!r}, and no such file",
        hint=f"{meant}expected the path of a .keras file, or one of {', '.join(applications())}",
    )
