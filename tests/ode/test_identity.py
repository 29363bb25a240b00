"""Fields that are made again are the same field, unless what they read has changed."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import odeint
from nodelens.ode.compiled import compiled
from nodelens.ode.identity import TOLERATED, identify
from nodelens.ode.memo import clear_memos
from nodelens.ode.prepare import prepare

Z0 = tf.constant([1.0, 2.0], tf.float64)
TIMES = np.array([0.0, 1.0])
GLOBAL_RATE = 1.0


@pytest.fixture(autouse=True)
def _no_memory():
    clear_memos()
    yield
    clear_memos()


def core(field):
    return compiled(prepare(field, Z0, TIMES).core, True)


def made(rate):
    return lambda t, z: -rate * z


def test_a_lambda_made_in_a_loop_is_compiled_once():
    rate = tf.Variable(1.0, dtype=tf.float64)
    cores = [core(lambda t, z: -rate * z) for _ in range(3)]
    assert cores[0] is cores[1] is cores[2]
    assert core(made(2.0)) is core(made(2.0))

    def calling(f):
        return lambda t, z: f(t, z)

    assert core(calling(made(2.0))) is core(calling(made(2.0)))


def test_other_values_of_captures_and_defaults_are_another_field():
    for k in (1.0, 2.0):
        for field in (made(k), lambda t, z, k=k: -k * z, lambda t, z, *, k=k: -k * z):
            found = odeint(field, Z0, TIMES, jit_compile=False)
            np.testing.assert_allclose(found.states[-1], Z0 * np.exp(-k), atol=1e-5)
    assert identify(made(1.0)) != identify(made(1))
    assert identify(made(0.0)) != identify(made(-0.0))
    assert identify(made(Z0)) == identify(made(Z0)) != identify(made(Z0 + 0))


def test_a_changed_number_that_the_same_function_reads_is_used(monkeypatch):
    rate = 1.0

    def local(t, z):
        return -rate * z

    def by_global(t, z):
        return -GLOBAL_RATE * z

    for k in (1.0, 3.0):
        rate = k
        monkeypatch.setitem(globals(), "GLOBAL_RATE", k)
        for field in (local, by_global):
            found = odeint(field, Z0, TIMES, jit_compile=False)
            np.testing.assert_allclose(found.states[-1], Z0 * np.exp(-k), atol=1e-5)


def test_a_counter_of_its_own_calls_does_not_make_another_field():
    count = 0

    def field(t, z):
        nonlocal count
        count += 1
        return -z

    assert core(field) is core(field)


def test_a_function_that_reads_itself_and_bound_methods_have_a_key():
    def field(t, z):
        return -z if z is not None else field(t, z)

    class Owner:
        def slope(self, t, z):
            return -z

    owner = Owner()
    assert identify(field) == identify(field)
    assert identify(owner.slope) == identify(owner.slope) != identify(Owner().slope)
    assert identify(tf.function(made(1.0))) == identify(made(1.0))


def test_code_that_is_compiled_again_and_again_is_named_once():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(TOLERATED):
            prepare(made(float(k)), Z0, TIMES)
    with pytest.warns(RuntimeWarning, match=r"made.*was compiled 5 times.*`rate`.*`params`"):
        prepare(made(-1.0), Z0, TIMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare(made(-2.0), Z0, TIMES)
        for count in range(2, 9):  # other shapes are other solves, and not the captures' fault
            prepare(made(1.0), Z0, np.arange(count))
