"""How much memory this process holds."""

import resource
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """The memory that this process holds now; where the system does not tell, its peak so far."""
    try:
        pages = int(STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024  # bytes there, else kilobytes
    return pages * resource.getpagesize()
