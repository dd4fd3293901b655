"""Regularisers: one module, one class each."""
