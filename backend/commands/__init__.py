"""What `python -m backend` can do: a module for each command, with its arguments.

What a command works with is imported when it runs: Stripe's library and aiohttp take a while to
load, and `migrate` and `--help` need neither.
"""
