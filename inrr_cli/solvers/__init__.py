"""Numerical parts that several engines need."""
