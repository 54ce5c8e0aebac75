"""Balances, movements and exports in the chat."""
