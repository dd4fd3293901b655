"""Representations: one module, one class each."""
