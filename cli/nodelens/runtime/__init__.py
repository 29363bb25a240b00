"""The machine underneath: TensorFlow, devices, files, signals, run directories."""
