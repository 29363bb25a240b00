"""The hints about failed solves of a check name settings that there are."""

import re

import pytest

from nodelens.checking.hints import HINTS
from nodelens.checking.settings import AdjointCheckSettings, CheckedSolverSettings
from nodelens.ode import Status
from nodelens.settings.resolve import resolve


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_a_hint_names_settings_that_there_are(status: Status) -> None:
    for name, value in re.findall(r"`([a-z0-9_.]+)(?:=([][\w]+))?`", HINTS[status]):
        if value:
            resolve(AdjointCheckSettings, overrides=[f"{name}={value}"])
        elif name.startswith("solver."):
            assert name.removeprefix("solver.") in CheckedSolverSettings.model_fields
        else:
            assert name in AdjointCheckSettings.model_fields
