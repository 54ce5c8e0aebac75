"""Stands in for whatever .env leaves out: PostgreSQL, Stripe, Telegram. Never in production."""
