"""Dates and date-times as numbers: the days, or seconds, since the earliest one.

Dates are those of ISO 8601: `2024-03-01`, `2024-03-01T12:00:00`, with or without a time zone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from nodelens.errors import UsageError

FORMS = "`2024-03-01` or `2024-03-01T12:00:00`"
UNITS = {"days": timedelta(days=1), "seconds": timedelta(seconds=1)}


def read_date(text: str) -> datetime | None:
    """Reads a date or a date-time; None if the text is none."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


@dataclass(frozen=True)
class Calendar:
    """The meaning of times that are numbers.

    Attributes:
        unit: `days` or `seconds`.
        origin: The date of the time zero, as ISO 8601.
    """

    unit: str
    origin: str

    def __str__(self) -> str:
        return f"{self.unit} since {self.origin}"

    @classmethod
    def of(cls, moments: Sequence[datetime]) -> "Calendar":
        """Makes the calendar that begins with the earliest date.

        It counts days; if all dates lie within less than a day, seconds.
        """
        first, last = min(moments), max(moments)
        plain = all(_is_plain(moment) for moment in moments)
        origin = first.date().isoformat() if plain else first.isoformat()
        return cls("days" if last - first >= UNITS["days"] else "seconds", origin)

    def numbers(self, moments: Iterable[datetime]) -> np.ndarray:
        """Returns dates as float64.

        Raises:
            UsageError: If they have time zones and the origin has none, or the other way round.
        """
        start, unit = datetime.fromisoformat(self.origin), UNITS[self.unit]
        try:
            return np.array([(moment - start) / unit for moment in moments])
        except TypeError as error:
            raise UsageError(
                f"dates with and without a time zone were given; those of the data count {self}"
            ) from error

    def dates(self, times: np.ndarray) -> list[str]:
        """Returns times as ISO 8601, without the time of day where all of them are at midnight.

        Raises:
            UsageError: If a time lies outside the years 1 to 9999.
        """
        moments = self.moments(times)
        if all(_is_plain(moment) for moment in moments):
            return [moment.date().isoformat() for moment in moments]
        return [moment.isoformat() for moment in moments]

    def moments(self, times: np.ndarray) -> list[datetime]:
        """Returns times as dates, to the microsecond.

        Raises:
            UsageError: If a time lies outside the years 1 to 9999.
        """
        start, unit = datetime.fromisoformat(self.origin), UNITS[self.unit]
        try:
            return [start + float(time) * unit for time in times]
        except OverflowError as error:
            raise UsageError(
                f"the times {times.min():g} to {times.max():g}, {self}, are not all in the years 1 "
                "to 9999",
                hint="take `times` nearer to those of the data",
            ) from error


def _is_plain(moment: datetime) -> bool:
    """Checks that a date has no time of day and no time zone."""
    return moment.tzinfo is None and moment.time() == datetime.min.time()
