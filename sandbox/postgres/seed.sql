-- The people of the sandbox: Ana owns Acme, Ben belongs to it, Eve and Ira do not. Their Telegram ids
-- are those of sandbox/personas.py, their ids at Supabase the same as here. Again is harmless.

insert into private.users (id, auth_user_id, name, language, telegram_id)
select id, id, name, language, telegram_id
from (values
  ('00000000-0000-4000-8000-000000001001'::uuid, 'Ana', 'en', 1001),
  ('00000000-0000-4000-8000-000000001002'::uuid, 'Ben', 'en', 1002),
  ('00000000-0000-4000-8000-000000001003'::uuid, 'Eve', 'en', 1003),
  ('00000000-0000-4000-8000-000000001004'::uuid, 'Ira', 'ru', 1004)
) as people (id, name, language, telegram_id)
on conflict do nothing;

insert into public.organizations (id, name) values
  ('00000000-0000-4000-8000-00000000acce', 'Acme')
on conflict do nothing;

insert into public.memberships (organization_id, user_id, role) values
  ('00000000-0000-4000-8000-00000000acce', '00000000-0000-4000-8000-000000001001', 'owner'),
  ('00000000-0000-4000-8000-00000000acce', '00000000-0000-4000-8000-000000001002', 'member')
on conflict do nothing;
