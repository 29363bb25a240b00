"""The hints about failed solves name settings that there are."""

import re

import pytest

from nodelens.fields.settings import HybridFieldSettings
from nodelens.ode import Status
from nodelens.settings.resolve import resolve
from nodelens.training.loop.hints import HINTS
from nodelens.training.settings import TrainOdeSettings

SETTINGS = TrainOdeSettings()


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_a_hint_names_settings_that_there_are(status: Status) -> None:
    for name, value in re.findall(r"`([a-z_.]+)(?:=(\w+))?`", HINTS[status]):
        if value:
            resolve(TrainOdeSettings, overrides=[f"{name}={value}"])
            continue
        group, key = name.split(".")
        fields = dict(getattr(SETTINGS, group).model_dump())
        assert key in fields or (group == "field" and key in HybridFieldSettings.model_fields)
