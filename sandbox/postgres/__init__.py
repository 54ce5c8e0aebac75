"""PostgreSQL from a package, with the roles and functions of a Supabase project."""
