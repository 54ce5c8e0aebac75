"""The commands of `python -m backend`: a module for each, with its arguments.

Libraries that take a while to load (Stripe's, aiohttp) are imported where a command runs, because
`migrate` and `--help` need neither.
"""
