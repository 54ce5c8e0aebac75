"""Stand-ins for what .env leaves out: PostgreSQL, Stripe, Telegram. Not for production."""
