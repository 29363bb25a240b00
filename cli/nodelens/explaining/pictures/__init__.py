"""Pictures from files and arrays, and the boxes drawn on them."""
