"""Stripe: client, parsers, webhook events, reconciliation and dead letters."""
