"""`node adjoint-check`."""
