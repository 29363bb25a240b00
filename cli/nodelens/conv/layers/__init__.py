"""The kinds of layers: what each makes of its input, and what that takes."""
