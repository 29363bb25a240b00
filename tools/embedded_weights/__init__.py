"""How the weights that travel with the package are made."""
