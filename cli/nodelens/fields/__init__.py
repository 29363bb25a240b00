"""Vector fields as Keras models."""
