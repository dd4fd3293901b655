"""Make up what is lost: large holes filled with copies of patches of the same image."""
