-- Supabase's default privileges: whatever a migration makes in `public` is open to the three roles
-- unless it says otherwise. A migration that forgets its `revoke` is found out by running with them.
alter default privileges for role pursebot_owner in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role pursebot_owner in schema public
  grant all on functions to anon, authenticated, service_role;
alter default privileges for role pursebot_owner in schema public
  grant all on sequences to anon, authenticated, service_role;
