"""Training a network on samples: stem, ODE block, head."""
