"""Enlarge a picture from itself: how it was formed, what its smaller copies teach, and its similar patches."""
