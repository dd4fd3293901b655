"""The patch engine: fill missing pixels from similar patches of the same image."""
