"""What `adjoint-check` prints."""
