"""Runs: their directories, resuming them, predicting with them."""
