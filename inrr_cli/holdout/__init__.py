"""Hide known pixels, fill them, and learn from the errors there."""
