"""Doors: parse, call one use case, answer. The table has them all."""
