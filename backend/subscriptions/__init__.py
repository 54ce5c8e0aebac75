"""Recurring top-ups: subscriptions, packages and invoices."""
