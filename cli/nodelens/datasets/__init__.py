"""Trajectories and images to learn from."""
