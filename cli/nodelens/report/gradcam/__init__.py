"""The reports of `gradcam`."""
