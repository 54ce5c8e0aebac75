-- Lists are read in pages.
create function private.page_size(max_rows integer) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return least(greatest(coalesce(max_rows, 20), 1), 100);

-- Lists are read from newest to oldest. A cursor is a row and a direction: 'o' and the row's place
-- (what is older than it), 'n' and its place (what is newer). Rows keep their place, so what comes
-- in meanwhile makes nobody read a row twice or miss one.
create function private.require_cursor(cursor text, pattern text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
    if cursor !~ ('^[on]' || pattern || '$') then
        perform private.refuse('bad_cursor');
    end if;
end
$$;
comment on function private.require_cursor is 'Refuses a cursor that no list of ours gave; place is a regular expression, null is the newest page.';
