"""The fifteen canonical cases of Dumoulin and Visin's guide (arXiv:1603.07285).

Their padding is the same on both sides and any number, so it is written as a layer of its own;
their transposed convolution crops what the convolution had padded.
"""

import pytest

from nodelens.conv.building import build

CASES = {
    "no padding, no strides": (4, ["conv 1 3"], 2),
    "arbitrary padding, no strides": (5, ["pad 2", "conv 1 4"], 6),
    "half padding, no strides": (5, ["pad 1", "conv 1 3"], 5),
    "full padding, no strides": (5, ["pad 2", "conv 1 3"], 7),
    "no padding, strides": (5, ["conv 1 3 s2"], 2),
    "padding, strides": (5, ["pad 1", "conv 1 3 s2"], 3),
    "padding, strides, odd": (6, ["pad 1", "conv 1 3 s2"], 3),
    "transposed, no padding, no strides": (2, ["transposed 1 3"], 4),
    "transposed, arbitrary padding, no strides": (6, ["transposed 1 4", "crop 2"], 5),
    "transposed, half padding, no strides": (5, ["transposed 1 3", "crop 1"], 5),
    "transposed, full padding, no strides": (7, ["transposed 1 3", "crop 2"], 5),
    "transposed, no padding, strides": (2, ["transposed 1 3 s2"], 5),
    "transposed, padding, strides": (3, ["transposed 1 3 s2", "crop 1"], 5),
    "transposed, padding, strides, odd": (
        3,
        ["transposed 1 3 s2 output_padding=1", "crop 1"],
        6,
    ),
    "dilated, no padding, no strides": (7, ["conv 1 3 d2"], 3),
}


@pytest.mark.parametrize("case", CASES)
def test_a_canonical_case_has_its_output_length(case: str) -> None:
    length, lines, expected = CASES[case]
    network = build({"input": (length, length, 1)}, lines)
    assert network.nodes[-1].output_shape == (expected, expected, 1)
