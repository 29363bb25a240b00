"""The machinery of settings: YAML with line numbers, overrides, origins, errors."""
