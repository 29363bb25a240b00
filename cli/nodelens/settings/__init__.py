"""What a user may set: frozen models, YAML with line numbers, overrides and their origin."""
