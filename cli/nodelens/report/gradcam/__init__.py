"""What `gradcam` prints."""
