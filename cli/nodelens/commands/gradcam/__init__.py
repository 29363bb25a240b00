"""The command `node gradcam`."""
