"""`node train-ode` and `node predict-ode`."""
