"""Starts everything on one machine: `python -m sandbox run|demo|token`."""
