"""The options of `node adjoint-check`."""

import json
from pathlib import Path
from typing import Any

from nodelens.commands.flag import RUNNING, option, several, switch
from nodelens.commands.options import (
    CONFIG,
    DEVICE,
    FORCE,
    HELP_SETTING,
    OUT,
    SEED,
    SET,
    SHOW_CONFIG,
    TIMES,
    SettingsCall,
)
from nodelens.errors import UsageError

CHECKED = "What is checked"
STUDIES = ("order", "stiffness", "drift", "memory")


def _numbers(text: str) -> list[Any]:
    """Reads numbers, with commas between them or in nested lists."""
    try:
        return list(json.loads(text if text.lstrip().startswith("[") else f"[{text}]"))
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no list of numbers", hint="for instance `1.0,0.5`"
        ) from error


class AdjointCheckCall(SettingsCall, command="adjoint-check"):
    """A call of `node adjoint-check`."""

    config, overrides = CONFIG, SET
    problems = several(
        str,
        "--problem",
        sets="problems",
        panel=CHECKED,
        metavar="NAME",
        help="Problem to check; repeatable. By default all.",
    )
    list_problems = switch("--list-problems", panel=CHECKED, help="Print the problems, and stop.")
    field = option(
        str,
        "--field",
        sets="field",
        panel=CHECKED,
        metavar="FILE.py:NAME|MODULE:NAME",
        help="Your own field instead: a callable f(t, z), a Keras layer or model, or a factory. "
        "Importing it runs your code.",
    )
    run = option(
        Path,
        "--run",
        panel=CHECKED,
        metavar="RUN_DIR",
        help="The trained field of a run of train-ode instead, on windows of its own data, with "
        "the run's solver, tolerances and adjoint unless others are given.",
    )
    z0 = option(
        str,
        "--z0",
        sets="z0",
        parse=_numbers,
        panel=CHECKED,
        metavar="NUMBERS",
        help="Its initial state: `1.0,0.5`, or `[[1.0, 0.5]]` with a batch.",
    )
    times = option(
        str,
        "--times",
        sets="times",
        panel=CHECKED,
        metavar=TIMES,
        help="Its times of observation, the first one that of z0. By default `0,0.5,1`.",
    )
    proof = switch(
        "--proof",
        panel=CHECKED,
        help="Evaluate each line of the proof of the adjoint on one problem; with --out, draw it.",
    )
    study = option(
        str,
        "--study",
        panel=CHECKED,
        metavar="|".join(STUDIES),
        help="Study how errors grow with the tolerance, with stiffness or in the backward solve, "
        "or how memory grows with the steps; with --out, draw it.",
    )
    suite = option(
        str,
        "--suite",
        panel=CHECKED,
        metavar="fields",
        help="Check a list of vector fields of every kind instead: each activation of Keras, "
        "layers, custom gradients, branches, loops, and wrong gradients that must be found.",
    )
    adjoints = several(
        str,
        "--adjoint",
        sets="adjoints",
        panel=CHECKED,
        metavar="NAME|all",
        help="Adjoint to check; repeatable.",
    )
    solver = option(str, "--solver", sets="solver.method", metavar="NAME", help="Solver.")
    rtol = option(float, "--rtol", sets="solver.rtol", help="Relative tolerance.")
    atol = option(float, "--atol", sets="solver.atol", help="Absolute tolerance.")
    float32 = switch(
        "--float32",
        sets="precision",
        value="float32",
        help="Solve in single precision; the references stay in double.",
    )
    fail_fast = switch(
        "--fail-fast",
        sets="fail_fast",
        panel=RUNNING,
        help="Stop after the first problem that fails.",
    )
    junit = option(
        Path,
        "--junit",
        panel=RUNNING,
        metavar="FILE",
        help="Write each comparison as a test case, for CI systems.",
    )
    show_config, help_setting = SHOW_CONFIG, HELP_SETTING
    seed, device, out, force = SEED, DEVICE, OUT, FORCE
