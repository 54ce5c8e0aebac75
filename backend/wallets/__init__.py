"""Wallets: transactions, statements, amounts and adjustments."""
