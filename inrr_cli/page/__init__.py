"""A page in the browser on which people paint a mask and see it filled; ``inrr paint`` serves it on this machine."""
