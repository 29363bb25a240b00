"""The rows of options: each sets a setting that exists, and errors name the flags of settings."""

from functools import reduce
from operator import getitem
from pathlib import Path

import pytest

from nodelens.checking.settings import AdjointCheckSettings
from nodelens.commands.adjoint.options import AdjointCheckCall
from nodelens.commands.conv.options import ONE_LAYER, ConvParamsCall
from nodelens.commands.conv.settings import ConvParamsSettings
from nodelens.commands.doctor import DoctorCall
from nodelens.commands.flag import option, several, switch
from nodelens.commands.gradcam.options import GradcamCall
from nodelens.commands.options import Call, SettingsCall
from nodelens.commands.train.predict_ode import PredictOdeCall
from nodelens.commands.train.train_ode import TrainOdeCall
from nodelens.errors import UsageError
from nodelens.explaining.settings import GradcamSettings
from nodelens.settings.errors import SettingsError
from nodelens.settings.validate import to_plain
from nodelens.training.settings import TrainOdeSettings

CALLS: list[type[Call]] = [
    GradcamCall,
    AdjointCheckCall,
    TrainOdeCall,
    PredictOdeCall,
    ConvParamsCall,
    DoctorCall,
]


class ToyCall(SettingsCall, command="toy"):
    """A command with an option of each shape."""

    words = several(str, "--word", "-w", sets="words", help="One.")
    count = option(int, "--count", sets="count", min=0, help="One.")
    folder = option(Path, "--folder", sets="output.folder", help="One.")
    loud = switch("--loud", "--noisy", sets="loud", help="One.")
    bias = option(bool, "--bias/--no-bias", sets="bias", help="One.")
    single = switch("--single", sets="precision", value="single", help="One.")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.command)
def test_each_row_is_an_option_of_its_own_with_a_help_text(call: type[Call]) -> None:
    names = [name for row in call.rows.values() for name in row.names]
    assert len(names) == len(set(names))
    sets = [row.sets for row in call.rows.values() if row.sets]
    assert len(sets) == len(set(sets))
    assert all(row.help.endswith(".") for row in call.rows.values())


@pytest.mark.parametrize(
    ("call", "settings"),
    [
        (GradcamCall, GradcamSettings),
        (AdjointCheckCall, AdjointCheckSettings),
        (TrainOdeCall, TrainOdeSettings),
        (ConvParamsCall, ConvParamsSettings),
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_row_sets_a_setting_that_exists(call: type[Call], settings: type) -> None:
    defaults = to_plain(settings())
    for row in call.rows.values():
        if row.sets is None or row.sets.startswith(ONE_LAYER):
            continue
        *groups, name = row.sets.split(".")
        assert name in reduce(getitem, groups, defaults), row.sets


def test_options_that_are_not_given_set_nothing() -> None:
    assert ToyCall().flags() == {}
    assert ToyCall(words=[], count=None, loud=False).flags() == {}


def test_options_that_are_given_set_plain_values_with_their_names() -> None:
    call = ToyCall(words=["a"], count=0, folder=Path("b/c"), loud=True, bias=False, single=True)
    assert call.flags() == {
        "words": ("--word", ["a"]),
        "count": ("--count", 0),
        "output.folder": ("--folder", "b/c"),
        "loud": ("--loud", True),
        "bias": ("--bias/--no-bias", False),
        "precision": ("--single", "single"),
    }


def test_a_call_gives_its_values_and_its_class_the_rows() -> None:
    call = ToyCall(count=3)
    assert (call.count, call.words, call.loud, call.bias, call.json) == (3, (), False, None, False)
    assert ToyCall.count.names == ("--count",)
    with pytest.raises(TypeError, match="toy has no options"):
        ToyCall(counts=3)


def test_the_signature_has_the_rows_of_the_command_before_those_of_all() -> None:
    names = list(ToyCall.signature().parameters)
    assert names[:2] == ["words", "count"]
    assert names[-4:] == ["json", "quiet", "verbose", "debug"]


def test_an_error_names_the_flag_of_a_setting() -> None:
    call = GradcamCall()
    error = UsageError("`top_k` is too large", hint="use `model.weights` or `frames`; not `--out`")
    message, hint = call.explained(error)
    assert message == "`top_k` (--top-k) is too large"
    assert hint == "use `model.weights` (--weights) or `frames`; not `--out`"
    error = UsageError("it is there already", hint="set `force`, or choose another `directory`")
    hint = "set `force` (--force), or choose another `directory` (--out)"
    assert call.explained(error) == ("it is there already", hint)
    # An error of the settings names by itself what was written.
    wrong = SettingsError([])
    wrong.hint = "did you mean `top_k`?"
    assert call.explained(wrong)[1] == "did you mean `top_k`?"


def test_readme_says_which_options_every_command_has() -> None:
    """`--json`, `-q` and `--device` everywhere; those of settings where there are settings."""
    for call in CALLS:
        names = {name for row in call.rows.values() for name in row.names}
        assert {"--json", "-q", "--device"} <= names
        with_settings = call not in (PredictOdeCall, DoctorCall)
        for name in ("--seed", "-c", "--set", "--show-config", "--help-setting"):
            assert (name in names) == with_settings, (call.command, name)
