"""Many images, or one huge one, by several processes or a cluster."""
