"""Payments: checkout, intents, charges of saved cards, refunds."""
