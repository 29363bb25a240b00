"""This machine: versions, devices, XLA, the `node`s on PATH, places to write."""

import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nodelens.runtime.nodejs import is_foreign, nodes_on_path

PACKAGES = (
    "tensorflow", "keras", "numpy", "scipy", "matplotlib", "pillow",
    "typer", "rich", "pydantic", "pyyaml",
)  # fmt: skip


@dataclass(frozen=True)
class NodeScript:
    """One `node` on PATH.

    Attributes:
        path: Where it lies.
        is_nodelens: True if it is the one of this package, and not Node.js.
    """

    path: Path
    is_nodelens: bool

    @property
    def title(self) -> str:
        """The name of the program."""
        return "nodelens" if self.is_nodelens else "Node.js"


@dataclass(frozen=True)
class Place:
    """A folder that may be written to.

    Attributes:
        purpose: The kind of files that are written there.
        path: The folder; it need not exist yet.
        writable: True if it can be written to.
    """

    purpose: str
    path: Path
    writable: bool


def versions() -> dict[str, str | None]:
    """Returns the versions of Python and of the dependencies; None where one is missing."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def platform_name() -> str:
    """Returns the operating system and the processor's architecture."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def node_scripts() -> list[NodeScript]:
    """Finds every `node` on PATH; a shell starts the first."""
    return [NodeScript(path, not is_foreign(path)) for path in nodes_on_path()]


def xla_works() -> bool:
    """Compiles a small function with XLA and runs it. TensorFlow must have been started."""
    import tensorflow as tf

    @tf.function(jit_compile=True, autograph=False)
    def double(x: tf.Tensor) -> tf.Tensor:
        return x + x

    try:
        return float(double(tf.constant(2.0))) == 4.0
    except tf.errors.OpError:
        return False


def keras_home() -> Path:
    """Returns the directory below which Keras keeps what it downloads."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]).expanduser()
    home = Path.home()
    return (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"


def places() -> list[Place]:
    """Returns the folders that commands write to by default."""
    wanted = [
        ("results", Path.cwd()),
        ("temporary files", Path(tempfile.gettempdir())),
        ("downloaded weights", keras_home()),
    ]
    return [Place(purpose, path, _writable(path)) for purpose, path in wanted]


def _writable(path: Path) -> bool:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def program() -> Path:
    """Returns the path of the running program."""
    return Path(sys.argv[0]).absolute()
