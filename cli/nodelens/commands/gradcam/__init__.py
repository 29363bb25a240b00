"""`node gradcam`."""
