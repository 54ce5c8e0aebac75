"""Doors: parse, call one use case, answer. One file per noun."""
