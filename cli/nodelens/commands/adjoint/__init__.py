"""The command `node adjoint-check`."""
