"""What `train-ode` and `predict-ode` print."""
