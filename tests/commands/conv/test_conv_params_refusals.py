"""What conv-params refuses, and in which words."""

import pytest

EXAMPLE = ("200", "200", "3", "-f", "10", "-k", "5")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2", "2", "3", "-f", "1", "-k", "5"), "a window of 5 cells does not fit on an axis of 2"),
        (("0", "2", "3", "-f", "1", "-k", "1"), "sizes are whole numbers from 1"),
        (("9", "9", "3", "-f", "1", "-k", "2.5"), "must be an integer"),
        (("9", "9", "3", "-f", "0", "-k", "2"), "at least 1, received 0"),
        (("9", "9", "3", "-f", "4", "-k", "2", "--groups", "2"), "divisible by groups"),
        (("9", "9", "3", "-f", "4", "-k", "2", "-s", "2", "--dilation", "2"), "exclude each other"),
        (("9", "9", "3", "-f", "4", "-k", "2", "-p", "causal"), "valid, same, received 'causal'"),
        (("9", "9", "3", "-f", "4", "-k", "2", "--type", "Conv2DD"), "did you mean Conv2D?"),
        (("9", "9", "?", "-f", "4", "-k", "2"), "number of channels is not known"),
        (("9", "9", "3", "-f", "4"), "Conv2D needs 'kernel_size'"),
        (("9", "9", "3", "--layer", "conv 4 k3 sam"), "did you mean same?"),
        (("9", "9", "3", "--layer", "dense 4", "-f", "3"), "which one is meant?"),
        ((), "shape of the input is missing"),
        (("9", "9", "3"), "no layer to count"),
        ((*EXAMPLE, "--max-params", "many"), "is no quantity"),
        (("-c", "vgg19", "--up-to", "block6"), "there is no layer 'block6'"),
        (("-c", "vgg18"), "there is no configuration 'vgg18'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(call, arguments, words):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert words in err


BAD_FILES = {
    "layers:\n- {type: Conv2D, filters: 4, kernel_size: 3, stride: 2}": (
        "3:46: layers.0.stride",
        "did you mean strides?",
    ),
    "layers:\n- {type: Conv2D, filters: 4, pool_size: 3, kernel_size: 3}": (
        "layers.0.pool_size",
        "Conv2D has no setting 'pool_size'",
    ),
    "layers:\n- {name: a, type: ReLU, inputs: b}\n- {name: b, type: ReLU, inputs: a}": (
        "go round in a circle: a ← b ← a",
        "lead back to the network's input",
    ),
    "layers:\n- {name: a, type: ReLU}\n- {name: a, type: ReLU}": ("given twice", "unique"),
    "layers:\n- {type: Add, inputs: [input, inptu]}": ("no layer 'inptu'", "did you mean input?"),
    "layers:\n- {name: c, type: Conv2D, filters: 4, kernel_size: 3}\n"
    "- {type: Concatenate, inputs: [c, input]}": ("differ only along axis", "cropping or padding"),
    "layers:\n- {name: c, type: Conv2D, filters: 4, kernel_size: 1}\n"
    "- {type: Add, inputs: [c, input]}": ("takes inputs of one shape", "kernel_size 1"),
    "layer: []": ("unknown key", "did you mean `layers`?"),
    "layers: 5": ("a list of layers was expected", ""),
    "layers: []\nexpect: {param: 5}": ("expect.param", "did you mean `params`?"),
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_wrong_file_is_told_at_its_place(tmp_path, call, text):
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [9, 9, 3]\n{text}\n")
    code, _, err = call("-c", str(path))
    assert code == 2
    for words in BAD_FILES[text]:
        assert words in err


def test_everything_that_is_wrong_is_told_at_once(tmp_path, call):
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [9, 9, 3]\nlayers:\n"
        "- {type: Conv2D, filters: 4, kernel_size: 30}\n"
        "- {type: Conv2D, filters: -4, kernel_size: 3}\n"
        "- {type: Dense, units: 3, use_bios: true}\n"
    )
    code, _, err = call("-c", str(path))
    assert code == 2
    for words in ("3 problems", ":3:30: layers.0.kernel_size", ":4:18: layers.1.filters"):
        assert words in err
    assert ":5:27: layers.2.use_bios" in err


def test_mistakes_in_the_layers_are_told_before_those_in_the_expectations(call):
    code, _, err = call("--set", "expect.max_params=1.5", "--set", "layers=7")
    assert code == 2
    assert err.index(" layers: a list") < err.index(" expect.max_params: a count")
    layers = ("--set", "input=[8, 8, 3]", "--set", "layers=[conv2d 4 k9]")
    code, _, err = call(*layers, "--set", "expect.max_params=abc")
    assert code == 2
    assert "does not fit" in err and "abc" not in err
