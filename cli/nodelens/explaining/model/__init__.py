"""The classifier: loading it, its layers, feeding it and reading its scores and gradients.

Arguments of the same name mean the same everywhere. `model` is a classifier of one picture:
functional, sequential, subclassed, or any of these nested; it is never changed. `images` are
preprocessed, float32 `(n, height, width, channels)`, `image` is one of them; `input_size` is their
height and width. `score` is the class score $y^c$ that is explained, `output` the name of the
explained output of a model with several, and `grid` the layout of the output of a layer.
"""
