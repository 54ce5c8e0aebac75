"""The local Stripe: its API, events and pages, and faults on purpose."""
