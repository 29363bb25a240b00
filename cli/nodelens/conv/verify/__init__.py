"""The same figures from Keras, layer by layer. Imports Keras; the rest of `conv` does not."""
