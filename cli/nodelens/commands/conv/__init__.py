"""The command `node conv-params`."""
