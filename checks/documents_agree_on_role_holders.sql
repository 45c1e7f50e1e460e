-- claim:      All documents name the same holder for each role.
-- cannot see: whether the holder named is the right one; roles described without a name; and that
--             two spellings, such as an initial for a first name, mean one person.
-- matters:    in an incident, people call whom the document at hand names.
-- needs:      role_holder
-- revision:   1
with named as (
  select role_holder.role, role_holder.document,
         ' ' || replace(replace(replace(fold(role_holder.holder), '.', ' '), '   ', ' '), '  ', ' ')
           as holder
  from role_holder
  where trim(role_holder.holder) <> ''
), plain as (
  select named.role, named.document,
         trim(replace(replace(replace(replace(replace(replace(named.holder,
           ' dr ', ''), ' mr ', ''), ' mrs ', ''), ' ms ', ''), ' miss ', ''), ' prof ', ''))
           as holder
  from named
), counted as (
  select plain.role, plain.holder, min(plain.document) as example from plain
  group by plain.role, plain.holder
), documents as materialized (
  select plain.role, count(distinct plain.document) as documents from plain group by plain.role
)
select counted.role as subject,
       case when count(*) > 1 then 'not met' else 'met' end as verdict,
       counted.role || ': ' || counted(count(*), 'name') || ' in ' ||
         counted(max(documents.documents), 'document') ||
         case when min(counted.example) <> max(counted.example)
              then ', such as ' || min(counted.example) || ' and ' || max(counted.example)
              else '' end as observed,
       'every document that names a holder of the role names the same one' as rule
from counted
join documents on documents.role = counted.role
group by counted.role
