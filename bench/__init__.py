"""How fast, against what: always two ways side by side in one run, and their ratio."""
