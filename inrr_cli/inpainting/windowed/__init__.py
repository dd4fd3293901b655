"""Fill an image that need not fit in memory: tile by tile, from disk to disk."""
