"""Tools for those who make the package; not part of it."""
