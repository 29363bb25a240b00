"""The classifier: loading it, its layers, feeding it and reading its scores and gradients."""
