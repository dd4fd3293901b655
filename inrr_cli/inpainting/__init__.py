"""Fill missing pixels: one image, pages of a stack, or tiles of a large image."""
