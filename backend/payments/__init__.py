"""Payments: checkout, intents, charges of saved cards, refunds; how Stripe says they stand."""
