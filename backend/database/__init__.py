"""The way to Postgres: the protocol, its two adapters, connections and migrations."""
