"""The text that `conv-params` prints."""
