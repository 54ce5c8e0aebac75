"""Everything said to Stripe and heard from it: client, events, reconciliation, dead letters."""
