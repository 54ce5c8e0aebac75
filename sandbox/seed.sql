-- The people of the sandbox: Ana owns Acme and Ben belongs to it; Eve is nobody until she writes to
-- the bot. Their Telegram ids are those of sandbox/personas.py. Again is harmless.

insert into public.users (id, name, language, telegram_id) values
  ('00000000-0000-4000-8000-000000001001', 'Ana', 'en', 1001),
  ('00000000-0000-4000-8000-000000001002', 'Ben', 'en', 1002)
on conflict do nothing;

insert into public.organizations (id, name) values
  ('00000000-0000-4000-8000-00000000acce', 'Acme')
on conflict do nothing;

insert into public.memberships (organization_id, user_id, role) values
  ('00000000-0000-4000-8000-00000000acce', '00000000-0000-4000-8000-000000001001', 'owner'),
  ('00000000-0000-4000-8000-00000000acce', '00000000-0000-4000-8000-000000001002', 'member')
on conflict do nothing;
