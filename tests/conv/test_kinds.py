"""Every kind of layer is counted, explained and built in Keras from its class and its row alone."""

import pytest

from nodelens.conv.accounting import account
from nodelens.conv.building import build
from nodelens.conv.explanation import explain
from nodelens.conv.kinds import KINDS, Kind
from nodelens.conv.layers.base import Layer
from nodelens.conv.verify.layers import build_layer, keras_figures

VALUES = {"filters": 4, "kernel_size": 2, "units": 5, "activation": "relu", "target_shape": [-1]}


def settings(kind: Kind) -> dict[str, object]:
    return {key: VALUES[key] for key in kind.leading if key in VALUES}


@pytest.mark.parametrize(
    ("kind", "rank"),
    [(kind, rank) for kind in KINDS for rank in kind.ranks or (2,)],
    ids=lambda value: value.pattern if isinstance(value, Kind) else str(value),
)
def test_a_class_and_a_row_are_enough(kind: Kind, rank: int) -> None:
    shape = (8,) * rank + (4,)
    layer = {"type": kind.name(rank), **settings(kind)}
    network = build({"input": shape}, [layer])
    (node,) = network.nodes
    (counted,) = account(network).layers
    assert explain(counted)[0].startswith(f"{kind.name(rank)} takes an input of shape")
    assert "{" not in " ".join(explain(counted))
    if node.layer.merges:
        assert build_layer(node.layer).name
        return
    output, params, fixed = keras_figures(node.layer, (shape,))
    assert counted.output_shape == output
    assert (counted.params.total, counted.params.non_trainable) == (params, fixed)


def test_a_new_kind_needs_no_other_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from nodelens.conv import kinds

    class Doubled(Layer):
        """A layer that repeats its channels."""

        def output_shape(self, *inputs: tuple[int | None, ...]) -> tuple[int | None, ...]:
            return (*inputs[0][:-1], 2 * (inputs[0][-1] or 0))

    row = Kind("Doubled", Doubled, aliases=("twice",), does="repeats its channels")
    monkeypatch.setitem(kinds.WORDS, "doubled", (row, None))
    monkeypatch.setitem(kinds.WORDS, "twice", (row, None))
    (layer,) = account(build({"input": (8, 8, 3)}, ["twice"])).layers
    assert (layer.type, layer.output_shape) == ("Doubled", (8, 8, 6))
    assert explain(layer)[0].endswith("and repeats its channels.")
