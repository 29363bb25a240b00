"""Class activation maps of image classifiers."""
