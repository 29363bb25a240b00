"""The option of XLA that makes small loops fast on the CPU.

XLA:CPU runs every fused operation of a loop as a kernel of its own, at about 50 ns each, unless the
whole loop is small: then it becomes one kernel. What is small is an option, 1 KB of memory traffic
by default, which no solver loop stays below. With 1 MB the loops of small fields do. Loops far
above run slower as one kernel, because nothing in it is parallel, so the limit is never unlimited.

XLA reads its flags from the environment once, in the first compilation of a process.
"""

import os

VARIABLE = "XLA_FLAGS"
KEY = "xla_cpu_small_while_loop_byte_threshold"
LIMIT = 1_000_000
XLA_DEFAULT = 1024

_GROUP = "--xla_backend_extra_options="


def with_small_loops(flags: str, limit: int = LIMIT) -> str:
    """Adds the limit of small loops to the flags of XLA.

    Args:
        flags: The value of `XLA_FLAGS`; may be empty, or the name of a file of flags.
        limit: In bytes.

    Returns:
        The flags; as they were, if they set the limit themselves or name a file.
    """
    words = flags.split()
    if KEY in flags or (words and not words[0].startswith("-")):
        return flags
    option = f"{KEY}={limit}"
    for i, word in enumerate(words):
        if word.startswith(_GROUP):
            words[i] = f"{word},{option}"
            return " ".join(words)
    return " ".join([*words, _GROUP + option])


def ask_for_small_loops(limit: int = LIMIT) -> None:
    """Sets the limit of small loops for this process, unless the user has set it.

    Without effect if XLA has compiled before.
    """
    os.environ[VARIABLE] = with_small_loops(os.environ.get(VARIABLE, ""), limit)


def restore_flags(recorded: str | None) -> None:
    """Compiles as an earlier process did, so that its numbers are continued bit for bit.

    Call it before TensorFlow is used. A limit in the environment's own flags stays.

    Args:
        recorded: The flags of that process; None if it was of a version that set no limit.
    """
    if recorded is None:
        ask_for_small_loops(XLA_DEFAULT)
    elif KEY not in os.environ.get(VARIABLE, ""):
        os.environ[VARIABLE] = recorded
