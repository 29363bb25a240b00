"""The same gradient by several ways, compared."""
