"""The output of `train-ode` and `predict-ode`."""
