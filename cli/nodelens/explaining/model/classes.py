"""The names of the classes of a classifier, and finding one by what a user typed."""

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from nodelens.errors import UsageError


@dataclass(frozen=True)
class Prediction:
    """One class with the scores that the model gives it.

    Attributes:
        index: The index of the class.
        name: The name of the class.
        score: The probability.
        logit: The score before the softmax.
    """

    index: int
    name: str
    score: float
    logit: float


@dataclass(frozen=True)
class ClassNames:
    """The names of a model's outputs, in the order of the outputs.

    Attributes:
        names: One name an output; a name may occur more than once (ImageNet has two cranes).
        ids: Identifiers of the same classes (WordNet ids of ImageNet), or empty.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Returns the number of classes."""
        return len(self.names)

    def __getitem__(self, index: int) -> str:
        """Returns the name of one class."""
        return self.names[index]

    def find(self, text: str) -> int:
        """Finds a class by its index, its name, or its identifier.

        A name that is spelled exactly wins; else capitals, spaces, hyphens and underscores make no
        difference: `285`, `Egyptian cat` and `n02124075` are the same class.

        Raises:
            UsageError: The index is out of range, the name is unknown, or several classes bear it.
        """
        wanted = text.strip()
        if wanted.lstrip("+-").isdecimal():
            return self._checked(int(wanted))
        if wanted in self.ids:
            return self.ids.index(wanted)
        found = [index for index, name in enumerate(self.names) if name == wanted]
        if not found:
            plain = _plain(wanted)
            found = [index for index, name in enumerate(self.names) if _plain(name) == plain]
        if not found:
            raise UsageError(
                f"there is no class named {text!r}",
                hint=f"{self._suggestions(wanted)}classes are given by index or by name",
            )
        if len(found) > 1:
            listed = " and ".join(self._described(index) for index in found)
            raise UsageError(
                f"the class name {text!r} is ambiguous: {listed}",
                hint=f"give the index in `classes` instead, for example {found[0]}",
            )
        return found[0]

    def _checked(self, index: int) -> int:
        if 0 <= index < len(self.names):
            return index
        raise UsageError(
            f"expected a class index from 0 to {len(self.names) - 1}, received {index}",
            hint="indices count from 0, as in Keras; lists that start at 1 are off by one",
        )

    def _described(self, index: int) -> str:
        identifier = f" ({self.ids[index]})" if self.ids else ""
        return f"{index} {self.names[index]}{identifier}"

    def _suggestions(self, wanted: str) -> str:
        by_plain_name = {_plain(name): index for index, name in enumerate(self.names)}
        plain = _plain(wanted)
        near = [name for name in by_plain_name if plain and plain in name.split("_")]
        near += [name for name in get_close_matches(plain, by_plain_name, n=5) if name not in near]
        if not near:
            return ""
        listed = ", ".join(f"{by_plain_name[n]} {self.names[by_plain_name[n]]}" for n in near[:5])
        return f"did you mean {listed}? "


def _plain(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def read_labels(path: Path) -> ClassNames:
    """Reads the names of classes from a text file, one a line.

    The file is in UTF-8; empty lines at the end do not count.

    Raises:
        UsageError: It cannot be read, or is empty.
    """
    try:
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the names of the classes cannot be read: {error}") from error
    if not lines:
        raise UsageError(f"{path}: expected the names of the classes, the file is empty")
    return ClassNames(tuple(line.strip() for line in lines))


def imagenet_classes() -> ClassNames:
    """Reads the 1000 classes of ImageNet, with their WordNet ids, in the order of Keras."""
    source = resources.files("nodelens.explaining.model") / "weights" / "imagenet_classes.csv"
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    return ClassNames(tuple(row["name"] for row in rows), tuple(row["wnid"] for row in rows))
