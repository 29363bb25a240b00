"""Convolution arithmetic in pure Python."""
