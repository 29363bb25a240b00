"""The option of XLA for small loops."""

import os
import subprocess
import sys

import pytest

from nodelens.ode.xla_flags import KEY, restore_flags, with_small_loops

GROUP = "--xla_backend_extra_options="


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", f"{GROUP}{KEY}=1000000"),
        ("--xla_dump_to=/d", f"--xla_dump_to=/d {GROUP}{KEY}=1000000"),
        (f"{GROUP}other=1 --xla_x=2", f"{GROUP}other=1,{KEY}=1000000 --xla_x=2"),
        (f"{GROUP}{KEY}=7", f"{GROUP}{KEY}=7"),
        ("flags.txt", "flags.txt"),
    ],
    ids=["none", "others", "same group", "the user's own", "a file"],
)
def test_the_limit_is_added_and_the_users_flags_stay(flags: str, expected: str) -> None:
    assert with_small_loops(flags) == expected


@pytest.mark.parametrize(
    ("own", "recorded", "expected"),
    [
        ("", None, f"{GROUP}{KEY}=1024"),
        ("", f"{GROUP}{KEY}=1000000", f"{GROUP}{KEY}=1000000"),
        ("--xla_x=1", "--xla_y=2", "--xla_y=2"),
        (f"{GROUP}{KEY}=5", "--xla_y=2", f"{GROUP}{KEY}=5"),
    ],
    ids=["an earlier version", "recorded", "other flags", "the user's own limit"],
)
def test_a_resumed_run_compiles_as_before(
    own: str, recorded: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", own)
    restore_flags(recorded)
    assert os.environ["XLA_FLAGS"] == expected


LOOP = """
import tensorflow as tf
from nodelens.ode import odeint_vjp
@tf.function(jit_compile=True)
def gradient(z0):
    solution, pullback = odeint_vjp(lambda t, z: -z, z0, [0.0, 1.0], adjoint="discrete")
    return pullback(solution.states).z0
hlo = gradient.experimental_get_compiler_ir(tf.ones([20, 50]))(stage="optimized_hlo")
print("one kernel:", hlo.count('xla_cpu_small_call="true"') >= 2)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "one"), [(None, "True"), ("1024", "False")])
def test_a_small_solve_and_its_gradient_become_one_kernel_each(limit: str | None, one: str) -> None:
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYTHONPATH=os.pathsep.join(sys.path))
    environment["XLA_FLAGS"] = f"{GROUP}{KEY}={limit}" if limit else ""
    done = subprocess.run(
        [sys.executable, "-c", LOOP], env=environment, capture_output=True, text=True, check=True
    )
    assert f"one kernel: {one}" in done.stdout
