"""Images that are read and written window by window, because they need not fit in memory."""
