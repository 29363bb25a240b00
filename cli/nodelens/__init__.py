"""Neural ODEs with gradients to trust, explained classifiers, counted convolutions."""
