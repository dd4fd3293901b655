"""The neural engine: a picture as an implicit neural representation, fitted to its known pixels."""
