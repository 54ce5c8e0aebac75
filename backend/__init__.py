"""Everything money: the HTTP API, Stripe, webhooks, workers, the one door to the database."""
