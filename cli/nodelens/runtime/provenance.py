"""The record that allows a run to be repeated."""

import hashlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodelens.runtime.machine import platform_name, versions
from nodelens.version import VERSION


def provenance(*, seed: int | None, device: str, data_sha256: str | None) -> dict[str, Any]:
    """Returns arguments, versions, device, XLA's flags, seed and data of this process."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": sys.argv[1:],
        "directory": str(Path.cwd()),
        "nodelens": VERSION,
        "versions": versions(),
        "platform": platform_name(),
        "device": device,
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "seed": seed,
        "data_sha256": data_sha256,
    }


def sha256_of_bytes(*parts: bytes) -> str:
    """Returns the SHA-256 of the parts, one after the other, in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
