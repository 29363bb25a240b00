"""`node conv-params`."""
