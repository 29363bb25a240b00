"""The size of a field by its settings."""

import pytest

from nodelens.fields.cost import is_small
from nodelens.fields.settings import (
    ConvFieldSettings,
    FieldSettings,
    LinearFieldSettings,
    MLPFieldSettings,
)


@pytest.mark.parametrize(
    ("settings", "batch_size", "small"),
    [
        (MLPFieldSettings(), 20, True),
        # 2 * 8 * 100 + 100 * 100 multiplications a state.
        (MLPFieldSettings(hidden=(100, 100)), 25, True),
        (MLPFieldSettings(hidden=(100, 100)), 26, False),
        (LinearFieldSettings(kind="linear"), 1000, True),
        (ConvFieldSettings(kind="conv", filters=1), 1, False),
    ],
)
def test_few_multiplications_are_small(
    settings: FieldSettings, batch_size: int, small: bool
) -> None:
    assert is_small(settings, batch_size) == small
