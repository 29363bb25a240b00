"""What `conv-params` prints."""
