"""Subscriptions (recurring top-ups), packages and invoices."""
