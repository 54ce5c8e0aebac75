"""The local Stripe: its API, its events and pages, and what goes wrong on purpose."""
