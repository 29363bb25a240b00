"""The command line of conv-params, from its words to its exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = ("200", "200", "3", "-f", "10", "-k", "5")


def document(call: Any, *arguments: str) -> dict[str, Any]:
    code, out, err = call(*arguments, "--json")
    assert code in (0, 3), err
    return json.loads(out)


def test_the_example_is_told_with_its_formula(call):
    code, out, err = call(*EXAMPLE)
    assert (code, err) == (0, "")
    for words in ("(200, 200, 3)", "(196, 196, 10)", "5·5·3·10 + 10 = 760", "28,812,000"):
        assert words in out


def test_the_json_document_has_the_shape_of_the_contract(call):
    told = document(call, *EXAMPLE)
    assert (told["schema"], told["command"]) == (1, "conv-params")
    (layer,) = told["layers"]
    expected = {
        "name": "conv2d",
        "type": "Conv2D",
        "input_shape": [200, 200, 3],
        "output_shape": [196, 196, 10],
        "kernel_size": [5, 5],
        "strides": [1, 1],
        "padding": "valid",
        "dilation": [1, 1],
        "groups": 1,
        "params": {
            "kernel": 750,
            "bias": 10,
            "trainable": 760,
            "non_trainable": 0,
            "total": 760,
        },
        "macs": 28_812_000,
        "flops": 58_008_160,
        "activation_bytes": 4 * 196 * 196 * 10,
    }
    assert {key: layer[key] for key in expected} == expected
    axis = {"size": 5, "stride": 1, "padding": 0, "center": 2, "smallest_size": 5}
    assert layer["receptive_field"] == [axis, axis]
    assert told["totals"] == {
        "params": 760,
        "trainable": 760,
        "non_trainable": 0,
        "macs": 28_812_000,
        "flops": 58_008_160,
        "weight_bytes": 3040,
        "activation_bytes": 1_536_640,
    }


@pytest.mark.parametrize(
    ("arguments", "output", "params"),
    [
        (("-k", "3,5"), [198, 196, 10], 460),
        (("-k", "3x5"), [198, 196, 10], 460),
        (("-k", "5", "-s", "2"), [98, 98, 10], 760),
        (("-k", "5", "-p", "same"), [200, 200, 10], 760),
        (("-k", "5", "--no-bias"), [196, 196, 10], 750),
        (("-k", "5", "--dilation", "2"), [192, 192, 10], 760),
        (("-k", "5", "--type", "separable"), [196, 196, 10], 115),
        (("-k", "5", "--type", "transposed", "-s", "2"), [403, 403, 10], 760),
        (("-k", "5", "--data-format", "channels_first"), [10, 196, -1], 50_010),
    ],
)
def test_the_flags_of_one_layer_set_it_up(call, arguments, output, params):
    layer = (
        document(call, "200", "200", "3", "-f", "10", *arguments)["layers"][0]
        if (-1 not in output)
        else document(call, "200", "200", "7", "-f", "10", *arguments)["layers"][0]
    )
    expected = [3 if size == -1 else size for size in output]
    assert (layer["output_shape"], layer["params"]["total"]) == (expected, params)


def test_batch_and_number_format_change_only_memory(call):
    plain, other = (
        document(call, *EXAMPLE),
        document(call, *EXAMPLE, "--batch-size", "8", "--dtype", "float16"),
    )
    assert other["totals"]["activation_bytes"] == 4 * plain["totals"]["activation_bytes"]
    assert other["totals"]["weight_bytes"] * 2 == plain["totals"]["weight_bytes"]
    assert other["totals"]["macs"] == plain["totals"]["macs"]


def test_a_chain_is_written_line_by_line(call):
    lines = ["conv2d 64 k3 same", "maxpool 2", "conv 128 3 s2 nobias relu", "gap", "dense 10"]
    options = [word for line in lines for word in ("--layer", line)]
    layers = document(call, "224", "224", "3", *options)["layers"]
    assert [layer["type"] for layer in layers] == [
        "Conv2D",
        "MaxPooling2D",
        "Conv2D",
        "GlobalAveragePooling2D",
        "Dense",
    ]
    assert [layer["output_shape"] for layer in layers[:3]] == [
        [224, 224, 64],
        [112, 112, 64],
        [55, 55, 128],
    ]
    assert layers[2]["params"]["bias"] == 0
    assert layers[2]["activation"] == "relu"


@pytest.mark.parametrize("name", ["example", "lenet5", "vgg19", "resnet50-stem", "unet-step"])
def test_the_networks_that_ship_meet_what_they_expect_of_themselves(call, name):
    code, out, err = call("-c", name)
    assert (code, err) == (0, ""), out


def test_vgg19_is_counted_as_published(call):
    # 143,667,240 parameters: Keras and torchvision. MACs: the sum over its layers, 19.63 G.
    totals = document(call, "-c", "vgg19")["totals"]
    assert totals["params"] == 143_667_240
    assert totals["macs"] == 19_632_062_464
    assert totals["weight_bytes"] == 574_668_960


def test_vgg19_of_keras_is_vgg19_of_the_file(call):
    ours = document(call, "-c", "vgg19")
    theirs = document(call, "--model", "vgg19")
    for layers in (ours["layers"], theirs["layers"]):
        for layer in layers:
            del layer["inputs"]
    assert ours["layers"] == theirs["layers"]


def test_the_stem_of_resnet50_is_that_of_keras(call):
    ours = document(call, "-c", "resnet50-stem")
    theirs = document(call, "--model", "ResNet50", "--up-to", "conv2_block1_out")
    assert ours["totals"] == theirs["totals"]
    assert ours["layers"][-1]["receptive_field"] == theirs["layers"][-1]["receptive_field"]


def test_a_saved_model_is_read_without_keras(tmp_path, call):
    import keras

    inner = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(6, 3)], name="inner")
    inputs = keras.Input((8, 8, 4))
    shared = keras.layers.Conv2D(4, 1, name="shared")
    x = shared(shared(inputs))
    x = keras.layers.Add(name="sum")([x, inputs])
    x = keras.layers.GlobalAveragePooling2D()(inner(x))
    frozen = keras.layers.Dense(5, name="frozen", trainable=False)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(frozen(x)))
    model.save(tmp_path / "model.keras")

    probe = "import sys; from nodelens.entry import run; code = run(sys.argv[1:]); " + (
        "assert 'keras' not in sys.modules; sys.exit(code)"
    )
    result = subprocess.run(
        [
            *(sys.executable, "-c", probe, "conv-params"),
            *("--model", str(tmp_path / "model.keras"), "--json"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(result.stdout)
    assert told["totals"]["params"] == model.count_params()
    assert told["totals"]["non_trainable"] == 6 * 5 + 5
    names = [layer["name"] for layer in told["layers"]]
    assert "inner/conv2d" in names or any(name.startswith("inner/") for name in names)
    assert [layer["params"]["total"] for layer in told["layers"][:2]] == [20, 0]


def test_the_unknown_sizes_of_a_model_can_be_given(call):
    small = ("--model", "mobilenetv3small")
    assert document(call, *small)["totals"]["macs"] is None
    told = document(call, "224", "224", "3", *small)
    # 56.5 million without biases: the 56 M that the paper (arXiv:1905.02244) gives for it.
    assert 55_000_000 < told["totals"]["macs"] < 57_500_000
    code, _, err = call("224", "224", "4", *small)
    assert code == 2
    assert "(?, ?, 3)" in err


def test_one_layer_of_a_network_is_told_alone(call):
    code, out, _ = call("-c", "vgg19", "--layer-name", "block5_conv4")
    assert code == 0
    assert "3·3·512·512 + 512 = 2,359,808" in out
    assert "252×252 cells, stride 16, padding 118, first centre 7.5" in out


def test_expectations_that_are_met_are_said_to_be(call):
    limits = ("--expect-params", "760", "--expect-output", "196,196,10", "--max-params", "1K")
    code, out, _ = call(*EXAMPLE, *limits, "--max-macs", "30M", "--max-activation", "2MB")
    assert code == 0
    assert out.count("ok ") == 5


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (("--expect-params", "750"), "10 more than the 750 expected"),
        (("--expect-output", "200,196,10"), "(difference -4, 0, 0)"),
        (("--max-params", "700"), "over the 700 allowed by 60 (8.6 %)"),
        (("--max-macs", "1M"), "over the 1,000,000 allowed by 27,812,000"),
        (("--max-activation", "1MiB"), "over the 1,048,576 bytes allowed by 488,064 bytes"),
    ],
)
def test_an_expectation_that_is_not_met_exits_with_3_and_says_by_how_much(call, limit, words):
    code, out, _ = call(*EXAMPLE, *limit)
    assert code == 3
    assert words in out


def test_two_networks_are_compared(tmp_path, call):
    other = tmp_path / "other.yaml"
    other.write_text(
        "input: [200, 200, 3]\nlayers:\n- {type: Conv2D, filters: 12, kernel_size: 3}\n"
    )
    changes = document(call, *EXAMPLE, "--compare", str(other))["comparison"]
    found = {(change["layer"], change["aspect"]): change for change in changes}
    assert found["conv2d", "kernel_size"]["ours"] == [5, 5]
    assert found["conv2d", "kernel_size"]["theirs"] == [3, 3]
    assert found["totals", "params"]["theirs"] == 3 * 3 * 3 * 12 + 12
    code, out, _ = call("-c", "example", "--compare", "example")
    assert code == 0
    assert "are the same" in out


def test_the_way_to_a_size_is_found(call):
    ways = document(call, "224", "224", "3", "--target-output", "56,56")["ways"]
    triples = {(way["kernel_size"][0], way["strides"][0], way["padding"]) for way in ways}
    assert (4, 4, "valid") in triples
    assert (7, 4, "same") in triples
    assert all(stride == 4 for _, stride, _ in triples)


def test_a_size_that_no_window_reaches_exits_with_3(call):
    code, out, _ = call("224", "224", "3", "--target-output", "223,1")
    assert code == 3
    assert out.startswith("No window")


def test_a_budget_buys_the_most_filters(call):
    # 3·3·64·F + F = 577·F: 1733 filters take 999,941.
    told = document(call, "56", "56", "64", "-k", "3", "--budget", "1M")
    assert (told["filters"], told["params"]) == (1733, 999_941)
    assert told["next_params"] == 577 * 1734


def test_words_explain_a_layer(call):
    _, out, _ = call("12", "12", "3", "-f", "4", "-k", "3", "-s", "2", "-p", "same", "--explain")
    text = " ".join(out.split())
    assert "⌈12 / 2⌉ = 6 positions" in text
    assert "0 before, 1 after" in text
    assert "N = K₁·K₂·C·F + F, that is 3·3·3·4 + 4 = 112" in text


def test_csv_and_markdown_hold_every_layer(call):
    _, out, _ = call("-c", "lenet5", "--csv")
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith(("c", "s", "f", "o"))]) >= 8
    assert lines[1].startswith("c1,Conv2D,input,32x32x1,28x28x6,5x5,1x1,valid,0:0x0:0,1x1,1,150,6")
    _, out, _ = call("-c", "lenet5", "--markdown")
    assert "| `c1` | Conv2D | (28, 28, 6) | 156 | 117,600 | 5×5 /1 |" in out
    assert "| **total** | | | **61,706** | **416,520** | |" in out


def test_csv_on_stdout_stays_csv_when_there_is_more_to_say(call):
    code, out, err = call("-c", "lenet5", "--csv", "--max-params", "10")
    assert code == 3
    assert all(line.count(",") == 22 for line in out.splitlines())
    assert "over the 10 allowed" in err


def test_all_formats_are_written_into_a_directory(tmp_path, call):
    folder = tmp_path / "counted"
    assert call("-c", "lenet5", "--out", str(folder))[0] == 0
    written = json.loads((folder / "conv-params.json").read_text())
    assert written["totals"]["params"] == 61_706
    assert {path.suffix for path in folder.iterdir()} == {".json", ".csv", ".md"}
    assert call("-c", "lenet5", "--out", str(folder))[0] == 2


def test_keras_agrees_with_every_figure(call):
    lines = ["conv2d 16 k3 same g4", "conv2d 8 k3 d2", "transposed 8 k3 s2 same", "bn"]
    lines += ["separable 5 k3 d2 m2 same", "conv2d 2000 k5 same", "gap"]  # 270 M MACs
    options = [word for line in lines for word in ("--layer", line)]
    told = document(call, "16", "16", "4", *options, "--verify")
    assert told["verification"]["verdict"] == "pass"
    figures = {(check["layer"], check["figure"]) for check in told["verification"]["checks"]}
    counted = {layer for layer, figure in figures if figure == "macs"}
    wanted = {"conv2d", "conv2d_1", "conv2d_2", "conv2d_transpose", "separable_conv2d"}
    assert counted == wanted


def test_a_wrong_count_does_not_pass_the_verification(call, monkeypatch):
    from nodelens.conv.layers.convolution import Conv

    true_macs = Conv.macs
    monkeypatch.setattr(Conv, "macs", lambda self, *shapes: (true_macs(self, *shapes) or 0) + 1)
    code, out, _ = call("16", "16", "3", "-f", "2", "-k", "3", "--verify")
    assert code == 3
    assert "FAILED  conv2d: macs is 10,585 here and 10,584 in Keras" in out


def test_pictures_are_drawn_and_not_overwritten(tmp_path, call):
    picture = tmp_path / "layer.png"
    assert call(*EXAMPLE, "--figure", str(picture))[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, _, err = call("-c", "lenet5", "--figure", str(picture))
    assert code == 2
    assert "--force" in err
    assert call("-c", "lenet5", "--figure", str(picture), "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("8", "8", "3", "--type", "bn"), "no window that could be drawn"),
        (("?", "8", "3", "-f", "1", "-k", "3"), "unknown sizes cannot be drawn"),
        ((str(10**9), "8", "3", "-f", "1", "-k", "3"), "too large to be drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, call, arguments, words):
    code, out, err = call(*arguments, "--figure", str(tmp_path / "layer.png"))
    assert (code, out) == (2, "")
    assert words in err


def test_a_flag_goes_before_the_file(call):
    told = document(call, "-c", "example", "-k", "3", "--set", "layers.0.filters=4")
    assert told["layers"][0]["params"]["total"] == 3 * 3 * 3 * 4 + 4


def test_the_settings_in_force_are_shown_with_their_origin(call):
    told = document(call, "-c", "example", "-k", "3", "--show-config")
    assert told["origins"]["dtype"] == "default"
    assert "example.yaml" in told["origins"]["input.input"]
    assert told["config"]["layers"][0]["kernel_size"] == "3"


def test_absurd_sizes_are_counted_exactly(call):
    huge = str(10**18)
    told = document(call, huge, huge, "3", "-f", huge, "-k", "5")
    assert told["totals"]["params"] == 76 * 10**18
    assert told["totals"]["macs"] == (10**18 - 4) ** 2 * 10**18 * 75


def test_ten_thousand_layers_are_counted(call, tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("input: [64, 64, 8]\nlayers:\n" + "- conv2d 8 k3 same\n" * 10_000)
    code, out, _ = call("-c", str(path))
    assert code == 0
    assert f"parameters   {10_000 * (3 * 3 * 8 * 8 + 8):,}" in out
    assert "20001×20001 /1" in out


def test_nothing_heavy_is_imported_without_need():
    probe = "import sys; from nodelens.entry import run; run(sys.argv[1:]); " + (
        "print(sorted({'numpy', 'tensorflow', 'keras', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", probe, "conv-params", "-c", "vgg19", "--explain"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.splitlines()[-1] == "[]"
