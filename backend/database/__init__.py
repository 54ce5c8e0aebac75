"""The database: its protocol, two adapters (asyncpg, PostgREST), typed functions and migrations."""
