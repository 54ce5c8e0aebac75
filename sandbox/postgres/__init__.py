"""PostgreSQL from a wheel, with what Supabase gives every project."""
