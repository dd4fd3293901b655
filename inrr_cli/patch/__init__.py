"""Fill missing pixels from similar patches of the same picture."""
