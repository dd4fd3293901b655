"""The neural engine: an image as an implicit neural representation, fitted to its known pixels."""
