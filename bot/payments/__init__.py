"""Top-ups, charges of saved cards, refunds, disputes and receipts in the chat."""
