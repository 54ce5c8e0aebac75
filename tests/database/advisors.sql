-- Checks of a schema in the manner of Supabase's database advisors, as queries on the catalog:
-- https://supabase.com/docs/guides/database/database-advisors. Each begins with its title, and answers a name for
-- each finding. A number is that of Supabase's advisor; those without are our own. They look at schema private too,
-- which no request reaches.
-- common
with tables as (
    select c.*, n.nspname || '.' || c.relname as name, n.nspname as schema
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname in ('public', 'private', 'api')
),

policies as (
    select
        t.oid, t.name, t.relrowsecurity, p.polname, p.polroles, p.polcmd,
        coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' '
        || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as expression
    from pg_policy as p inner join tables as t on p.polrelid = t.oid
    where p.polpermissive
),

functions as (
    select p.*, n.nspname || '.' || p.proname as name, n.nspname as schema
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where n.nspname in ('public', 'private', 'api')
)

-- advisor: 0001 unindexed foreign key
-- Deleting or changing the other end looks through the whole table, under its locks.
select t.name || ': ' || f.conname as name
from pg_constraint as f inner join tables as t on f.conrelid = t.oid
where f.contype = 'f' and not exists (
    select from pg_index as i
    where i.indrelid = t.oid and i.indisvalid and i.indpred is null
    and (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(f.conkey)] = f.conkey
)

-- advisor: 0002 view of auth.users
select distinct t.name from pg_depend as d
inner join pg_rewrite as r on d.objid = r.oid
inner join tables as t on r.ev_class = t.oid
where t.schema in ('public', 'api') and d.refobjid = to_regclass('auth.users')

-- advisor: 0003 policy calls a function for each row
-- A call outside `(select ...)` is made for each row.
select p.name || ': ' || p.polname as name from policies as p
where regexp_replace(p.expression, 'SELECT (\w+\.)?\w+\(', '', 'g')
    ~ '(private|api|public|auth)\.\w+\(|current_setting\('

-- advisor: 0004 no primary key
select t.name from tables as t
where t.relkind = 'r' and not exists (
    select from pg_index as i where i.indrelid = t.oid and i.indisprimary
)

-- advisor: 0006 several permissive policies
-- Each of them is asked for each row.
select p.name || ' for ' || r.role::regrole || ' ' || p.polcmd::text as name
from policies as p cross join unnest(p.polroles) as r (role)
group by p.name, r.role, p.polcmd having count(*) > 1

-- advisor: 0007 policy without row-level security
select distinct p.name from policies as p where not p.relrowsecurity

-- advisor: 0008 row-level security without policy
select t.name from tables as t
where t.relrowsecurity and not exists (select from pg_policy as p where p.polrelid = t.oid)

-- advisor: 0009 duplicate index
select min(i.indexrelid::regclass::text) as name
from pg_index as i inner join tables as t on i.indrelid = t.oid
group by t.oid, i.indkey::text, i.indclass::text, i.indoption::text,
    pg_get_expr(i.indpred, t.oid), pg_get_expr(i.indexprs, t.oid)
having count(*) > 1

-- advisor: 0010 view with its owner's rights
select t.name from tables as t
where t.relkind = 'v'
and not coalesce('security_invoker=true' = any(t.reloptions), false)

-- advisor: 0011 function without our search_path
select f.name from functions as f
where f.proconfig is distinct from array['search_path=pg_catalog, pg_temp']

-- advisor: 0013 no row-level security
select t.name from tables as t
where t.schema in ('public', 'api') and t.relkind in ('r', 'p') and not t.relrowsecurity

-- advisor: 0014 extension in our schemas
select e.extname as name
from pg_extension as e inner join pg_namespace as n on e.extnamespace = n.oid
where n.nspname in ('public', 'private', 'api')

-- advisor: 0015 policy reads user_metadata
-- People can write it themselves.
select p.name || ': ' || p.polname as name from policies as p
where p.expression ~ 'user_metadata'

-- advisor: 0016 materialized view
select t.name from tables as t where t.relkind = 'm'

-- advisor: 0017 foreign table
select t.name from tables as t where t.relkind = 'f'

-- advisor: 0018 column of a reg type
-- They stop pg_upgrade.
select t.name || '.' || a.attname as name
from pg_attribute as a inner join tables as t on a.attrelid = t.oid
where a.attnum > 0 and a.atttypid in (
    'regcollation'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype,
    'regnamespace'::regtype, 'regoper'::regtype, 'regoperator'::regtype,
    'regproc'::regtype, 'regprocedure'::regtype
)

-- advisor: 0021 foreign key to auth
-- Supabase may change what is unique there, and we could not be restored without it.
select t.name || ': ' || f.conname as name
from pg_constraint as f inner join tables as t on f.conrelid = t.oid
inner join pg_class as other on f.confrelid = other.oid
inner join pg_namespace as n on other.relnamespace = n.oid
where f.contype = 'f' and n.nspname in ('auth', 'storage')

-- advisor: 0024 policy that is always true
select p.name || ': ' || p.polname as name from policies as p
where trim(p.expression) = 'true'

-- advisor: 0026 table that anon may read
select t.name from tables as t
where t.relkind in ('r', 'v', 'm', 'p', 'f') and has_any_column_privilege('anon', t.oid, 'select')

-- advisor: 0028 definer function that anon may call
select f.name from functions as f
where f.prosecdef and has_function_privilege('anon', f.oid, 'execute')

-- advisor: 0030 invalid index
select i.indexrelid::regclass::text as name
from pg_index as i inner join tables as t on i.indrelid = t.oid where not i.indisvalid

-- advisor: 0030 autovacuum switched off
select t.name from tables as t
where 'autovacuum_enabled=false' = any(t.reloptions)

-- advisor: 0030 policy for null
-- True for whoever has no identity.
select p.name || ': ' || p.polname as name from policies as p
where p.expression ~* 'is null'

-- advisor: sequence that a request reaches
select t.name from tables as t
cross join unnest(array['anon', 'authenticated', 'service_role']) as r (role)
where t.relkind = 'S' and has_sequence_privilege(r.role, t.oid, 'usage, select, update')

-- advisor: grant of some columns
-- `select *` is refused where only some columns are granted.
select t.name from tables as t
where t.schema in ('public', 'api') and t.relkind in ('r', 'v', 'p')
and has_any_column_privilege('authenticated', t.oid, 'select')
and not has_table_privilege('authenticated', t.oid, 'select')

-- advisor: table or function without a comment
select t.name from tables as t
where t.relkind in ('r', 'v', 'm', 'p') and obj_description(t.oid, 'pg_class') is null
union all
select f.name from functions as f
where f.prosecdef and f.schema = 'api' and obj_description(f.oid, 'pg_proc') is null

-- advisor: schema in which others may create
-- Whatever is made in its schema by somebody else would be ours to trust.
select n.nspname || ' by ' || r.role as name from pg_namespace as n
cross join unnest(array['anon', 'authenticated', 'service_role', 'public']) as r (role)
where n.nspname in ('public', 'private', 'api') and case r.role
    when 'public' then exists (
        select from aclexplode(n.nspacl) as a where a.grantee = 0 and a.privilege_type = 'CREATE'
    )
    else has_schema_privilege(r.role, n.oid, 'create')
end

-- advisor: domain or type of ours with a check
select t.typname as name from pg_type as t inner join pg_namespace as n on t.typnamespace = n.oid
where n.nspname in ('public', 'private', 'api') and t.typtype = 'd'
