"""Masks of missing pixels: made, read from a file, or found in the image."""
