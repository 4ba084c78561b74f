"""Measured comparisons; each says what it compares and prints its figures."""
