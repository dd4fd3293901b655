"""Comparison: the fills of this package beside those of others, on one image."""
