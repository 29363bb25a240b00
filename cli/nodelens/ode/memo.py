"""A small cache that forgets what was used longest ago."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_MEMOS: list["Memo[Any]"] = []


class Memo(Generic[Value]):
    """Keeps the values of the last `capacity` keys. Safe to use from several threads.

    It is made once, when its module is imported, and lives as long as the process.

    Args:
        capacity: How many values are kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.RLock()
        _MEMOS.append(self)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Returns the value of a key, made on the first call."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            value = make()
            self._values[key] = value
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)
            return value

    def clear(self) -> None:
        """Forgets all values."""
        with self._lock:
            self._values.clear()


def clear_memos() -> None:
    """Forgets the values of all caches."""
    for memo in _MEMOS:
        memo.clear()
