"""Train Neural ODEs and check their adjoint gradients, explain image classifiers, count convolutions."""
