"""The compiled training loop of any task, its state and its checkpoints."""
