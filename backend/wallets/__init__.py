"""Wallets: history, statements, amounts and adjustments."""
