"""Benchmarks: two ways to do the same, compared in one run."""
