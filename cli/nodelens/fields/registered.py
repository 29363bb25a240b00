"""The classes that a saved model may contain, known to Keras by their names.

Keras looks up the classes of a saved model among those that were registered, and a class registers
itself when its module is imported. So that `import nodelens` is enough, before or after Keras and
without its seconds, a stand-in is registered for each class: it imports the class when a model that
contains it is loaded.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from nodelens.registry import load

CLASSES = {
    "Augment": "blocks",
    "ConvField": "conv",
    "Convolution": "fast_convolution",
    "HigherOrderField": "higher_order",
    "HybridField": "hybrid",
    "MLPField": "mlp",
    "NeuralODE": "layer",
    "OwnField": "own",
    "ResidualBlocks": "blocks",
    "ScaledField": "scaled",
}


class StandIn:
    """A class of a saved model that is not imported yet.

    Args:
        place: The class, as `module:attribute`.
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def from_config(self, config: dict[str, Any]) -> Any:
        """Imports the class, which takes the place of this one, and makes an object of it."""
        return load(self.place).from_config(config)


def register() -> None:
    """Makes the classes known to Keras: now if it is imported, else as soon as it is."""
    if "keras" in sys.modules:
        _register_with(sys.modules["keras"])
    else:
        sys.meta_path.insert(0, _WatchForKeras())


def _register_with(keras: ModuleType) -> None:
    known = keras.saving.get_custom_objects()
    for name, module in CLASSES.items():
        known.setdefault(f"nodelens>{name}", StandIn(f"nodelens.fields.{module}:{name}"))


class _WatchForKeras(MetaPathFinder):
    """A finder that leaves the finding to the others, and waits for Keras to be executed.

    Registering is only an entry in a dictionary: TensorFlow imports Keras while it is itself half
    imported, and nothing that needs either could be imported here.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "keras":
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            _register_after(spec.loader)
        return spec


def _register_after(loader: Loader) -> None:
    """Lets a loader register the classes once it has executed its module."""
    execute = loader.exec_module

    def execute_and_register(module: ModuleType) -> None:
        execute(module)
        _register_with(module)

    loader.exec_module = execute_and_register  # type: ignore[method-assign]
