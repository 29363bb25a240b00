"""Large numbers as people write them: `5M` parameters, `100MB` of memory."""

from nodelens.conv.errors import ConvolutionError

PREFIXES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_quantity(text: int | str) -> int:
    """Reads a count or an amount of memory, exactly.

    Args:
        text: An integer, or digits (with `_` between, or a decimal point) and `K`, `M`,
            `G`, `T` or `P` for powers of 1000, followed or not by `B`; `KiB`, `MiB`, … are powers
            of 1024.

    Raises:
        ConvolutionError: It is no quantity, or no whole number.
    """
    if isinstance(text, int):
        return text
    word = text.strip().lower().replace("_", "")
    base = 1024 if word.endswith("ib") else 1000
    stem = word.removesuffix("b").removesuffix("i") if base == 1024 else word.removesuffix("b")
    digits = stem.rstrip("kmgtp")
    prefix = stem[len(digits) :]
    whole, _, fraction = digits.strip().partition(".")
    if prefix not in PREFIXES or not (whole + fraction).isdecimal():
        raise ConvolutionError(
            f"{text!r} is no quantity", hint="write for example 760, 5M, 1.5G, 100MB or 64MiB"
        )
    scaled = int(whole + fraction) * base ** PREFIXES[prefix]
    result, rest = divmod(scaled, 10 ** len(fraction))
    if rest:
        raise ConvolutionError(f"{text!r} is no whole number")
    return result
