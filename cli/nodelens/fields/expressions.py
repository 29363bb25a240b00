"""Arithmetic expressions that a user writes, read without ever running them as Python.

Numbers, names, `+ - * / **`, parentheses and a few functions: nothing else is understood, so a
configuration cannot make the program do anything but arithmetic.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

MAX_LENGTH = 1000

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": tf.sin,
    "cos": tf.cos,
    "tan": tf.tan,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "tanh": tf.tanh,
    "abs": tf.abs,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


class ExpressionError(ValueError):
    """A text is no arithmetic expression of the names that are known."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: The text that was parsed.
        tree: Its syntax tree, checked.
    """

    text: str
    tree: ast.expr

    def names(self) -> set[str]:
        """Returns the names that occur, functions included."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def evaluate(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Computes the value from a tensor for each name."""
        return _evaluate(self.tree, values)


def parse(text: str, names: set[str]) -> Expression:
    """Parses an expression such as `alpha*x - beta*x*y`, of the names that may occur.

    Raises:
        ExpressionError: If it is anything but arithmetic of these names.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{text!r} is no arithmetic expression") from error
    try:
        _check(tree, names, text)
        _check_constants(tree, text)
    except RecursionError as error:
        raise ExpressionError(f"{text!r} is nested too deeply") from error
    return Expression(text, tree)


def _check_constants(tree: ast.expr, text: str) -> None:
    """Refuses parts without names, such as 1/0 or 9**9**9, that are no finite real number."""
    for node in ast.walk(tree):
        varies = any(isinstance(part, (ast.Name, ast.Call)) for part in ast.walk(node))
        if not isinstance(node, ast.expr) or varies:
            continue
        try:
            value = _evaluate(node, {})
            finite = isinstance(value, float) and math.isfinite(value)
        except ArithmeticError:
            finite = False
        if not finite:
            raise ExpressionError(f"in {text!r}: {ast.unparse(node)} is no finite real number")


def _check(node: ast.expr, names: set[str], text: str) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left, names, text)
        _check(node.right, names, text)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand, names, text)
    elif isinstance(node, ast.Call):
        known = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
        if not known or len(node.args) != 1 or node.keywords:
            raise ExpressionError(
                f"in {text!r}: only {', '.join(FUNCTIONS)} can be called, with one argument each"
            )
        _check(node.args[0], names, text)
    elif isinstance(node, ast.Name):
        if node.id not in names:
            raise ExpressionError(
                f"in {text!r}: the name {node.id!r} is not known; known: {', '.join(sorted(names))}"
            )
    elif not (isinstance(node, ast.Constant) and type(node.value) in {int, float}):
        raise ExpressionError(
            f"in {text!r}: only numbers, names, + - * / ** and the functions "
            f"{', '.join(FUNCTIONS)} are understood"
        )


def _evaluate(node: ast.expr, values: Mapping[str, tf.Tensor]) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, values), _evaluate(node.right, values)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, values))
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)  # noqa: S101 (checked by `parse`)
        return FUNCTIONS[node.func.id](tf.convert_to_tensor(_evaluate(node.args[0], values)))
    if isinstance(node, ast.Name):
        return values[node.id]
    assert isinstance(node, ast.Constant)  # noqa: S101 (checked by `parse`)
    return float(node.value)  # type: ignore[arg-type]
