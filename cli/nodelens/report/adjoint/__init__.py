"""The printed results of `adjoint-check`."""
