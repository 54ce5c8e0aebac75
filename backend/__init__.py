"""The backend: HTTP API, Stripe, database, notifications and the operator's commands."""
