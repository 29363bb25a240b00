"""Training a vector field on trajectories."""
