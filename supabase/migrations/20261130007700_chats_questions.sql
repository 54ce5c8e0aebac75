-- What the bot has asked in a private chat, and whose answer it waits for: kept here, since the bot keeps nothing.
create table private.open_questions (
    chat_id bigint primary key references public.chats (id) on delete cascade,
    question jsonb not null,
    opened_at timestamptz not null default now(),
    constraint open_questions_fit check (pg_column_size(question) < 2000)
);
comment on table private.open_questions is 'The question of the bot that the next text in a private chat answers: a name, and ids and codes; nothing that people wrote.';
revoke all on private.open_questions from public, anon, authenticated, service_role;
alter table private.open_questions enable row level security;

-- A chat that is not known has none: whoever writes there is introduced first.
create function api.store_question(telegram_chat_id bigint, question jsonb default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    if question is null then
        delete from private.open_questions as q using public.chats as c
        where q.chat_id = c.id and c.telegram_chat_id = store_question.telegram_chat_id;
    else
        insert into private.open_questions (chat_id, question)
        select c.id, store_question.question from public.chats as c
        where c.telegram_chat_id = store_question.telegram_chat_id and c.kind = 'private'
        on conflict (chat_id) do update set question = excluded.question, opened_at = now();
    end if;
    return '{}';
end
$$;
comment on function api.store_question is 'Definer: nobody has grants on questions. Null: none is open any more.';
grant execute on function api.store_question(bigint, jsonb) to service_role;

-- A number that is typed a day later answers nothing: nobody remembers the question then.
create function api.get_question(telegram_chat_id bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return jsonb_build_object('question', (
        select q.question from private.open_questions as q
        inner join public.chats as c on q.chat_id = c.id
        where c.telegram_chat_id = get_question.telegram_chat_id and q.opened_at > now() - interval '1 day'
    ));
end
$$;
comment on function api.get_question is 'Definer: nobody has grants on questions.';
grant execute on function api.get_question(bigint) to service_role;
