"""The making of the weights that travel with the package."""
