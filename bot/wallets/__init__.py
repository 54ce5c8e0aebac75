"""Balances, transactions and exports in the chat."""
