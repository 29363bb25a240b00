"""All classes that a saved model may contain: importing this makes them known to Keras."""

from nodelens.fields import build, network
from nodelens.fields.settings import FIELDS
from nodelens.registry import load

AROUND = (build, network)  # the classes of scaled fields, blocks and layers

for _kind in FIELDS.values():
    if _kind.builder:
        load(_kind.builder)
