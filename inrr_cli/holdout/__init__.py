"""Holdout: hide known pixels, fill them, and learn from the errors of the fills."""
