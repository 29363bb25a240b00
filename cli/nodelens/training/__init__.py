"""The compiled training loop, its checkpoints and its evaluation."""
