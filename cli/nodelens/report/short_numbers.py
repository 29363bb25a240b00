"""Large numbers in short: `19.63 G`, `548.0 MiB`."""

BINARY = ("KiB", "MiB", "GiB", "TiB", "PiB")


def short_count(number: int | None) -> str:
    """Returns a count in short, `?` if it is unknown.

    All digits with commas below a million, else two decimals and a power of 1000: `19.63 G`.
    """
    if number is None:
        return "?"
    if number < 1_000_000:
        return f"{number:,}"
    if number >= 10**18:
        return _scientific(number)
    thousands = (len(str(number)) - 1) // 3
    hundredths = _rounded(number * 100, 1000**thousands)
    return f"{hundredths // 100:,}.{hundredths % 100:02d} {' kMGTP'[thousands]}"


def short_bytes(number: int | None) -> str:
    """Returns an amount of memory in powers of 1024, `?` if it is unknown: `548.1 MiB`."""
    if number is None:
        return "?"
    if number < 1024:
        return f"{number} B"
    if number >= 1024**6:
        return f"{_scientific(number)} B"
    step = 1
    while number >= 1024 ** (step + 1) and step < len(BINARY):
        step += 1
    tenths = _rounded(number * 10, 1024**step)
    return f"{tenths // 10:,}.{tenths % 10} {BINARY[step - 1]}"


def _rounded(numerator: int, denominator: int) -> int:
    """Divides and rounds half up, in exact integers."""
    return (numerator + denominator // 2) // denominator


def _scientific(number: int) -> str:
    """Returns three digits and a power of ten, cut off, not rounded."""
    digits = str(number)
    return f"{digits[0]}.{digits[1:3]}e{len(digits) - 1}"


def per_second(rate: float) -> str:
    """Returns a rate without decimals, and a slow one with two digits."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
