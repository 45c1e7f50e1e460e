//! The questions. Each gives texts, in an order that does not depend on the server.

/// The server's clock first.
pub(super) const SERVER: &str = "\
select extract(epoch from now())::bigint::text as epoch,
       current_setting('server_version_num') as version,
       (select rolsuper::text from pg_catalog.pg_roles where rolname = current_user) as reader_super";

/// Of `until` the day is the last one on which the password counts.
pub(super) const ROLES: &str = "\
select oid::text as oid, rolname as name, rolcanlogin::text as login, rolsuper::text as super,
       rolcreaterole::text as create_role, rolcreatedb::text as create_db,
       rolreplication::text as replication, rolbypassrls::text as bypass_rls,
       rolconnlimit::text as \"limit\",
       case when isfinite(rolvaliduntil)
            then ((rolvaliduntil at time zone 'UTC') - interval '1 microsecond')::date::text
       end as until
from pg_catalog.pg_roles order by oid";

/// Two columns came with PostgreSQL 16.
pub(super) const MEMBERS: &str = "\
select m.member::text as member, m.roleid::text as role, m.admin_option::text as admin,
       to_jsonb(m) ->> 'inherit_option' as inherit, to_jsonb(m) ->> 'set_option' as set
from pg_catalog.pg_auth_members m order by m.member, m.roleid, 3, 4, 5";

/// Name and openness first.
pub(super) const DATABASES: &str = "\
select datname as name, (datallowconn and not datistemplate)::text as open,
       datistemplate::text as template, datdba::text as owner
from pg_catalog.pg_database order by datname";

pub(super) const DATABASE_RIGHTS: &str = "\
select d.datname as database, 'database' as kind, a.grantee::text as grantee,
       a.privilege_type as privilege, a.is_grantable::text as grantable
from pg_catalog.pg_database d,
     aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
order by d.datname, a.grantee, a.privilege_type";

/// Rights on what one database holds, each kind of thing and privilege once, however many there are.
pub(super) const RIGHTS: &str = "\
with own as (
  select oid, nspacl, nspowner from pg_catalog.pg_namespace
  where nspname not like 'pg\\_%' and nspname <> 'information_schema'),
thing as (
  select c.oid, c.relacl, c.relowner from pg_catalog.pg_class c join own on own.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')),
found as (
  select 'table' as kind, a.grantee, a.privilege_type, a.is_grantable
  from thing, aclexplode(coalesce(thing.relacl, acldefault('r', thing.relowner))) a
  union all
  select 'table', thing.relowner, 'OWNER', false from thing
  union all
  select 'column', a.grantee, a.privilege_type, a.is_grantable
  from thing join pg_catalog.pg_attribute t on t.attrelid = thing.oid and not t.attisdropped,
       aclexplode(t.attacl) a
  union all
  select 'schema', a.grantee, a.privilege_type, a.is_grantable
  from own, aclexplode(coalesce(own.nspacl, acldefault('n', own.nspowner))) a)
select current_database()::text as database, kind, grantee::text as grantee,
       privilege_type as privilege, bool_or(is_grantable)::text as grantable, count(*)::text as count
from found group by kind, grantee, privilege_type order by kind, found.grantee, privilege_type";
