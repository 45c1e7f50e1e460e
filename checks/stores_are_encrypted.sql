-- claim:      Every store that was found is encrypted at rest.
-- cannot see: who holds the keys, and stores that neither infrastructure nor a reading names.
-- matters:    a disk, a snapshot or a copy that goes astray can then be read by nobody.
-- over:       store
-- revision:   1
with found as (
  select min(name) as name, min(encrypted) as encrypted, min(basis) as basis
  from store
  where basis in ('declared', 'observed')
  group by store.name
)
select name as subject,
       case when encrypted = 0 then 'not met'
            when encrypted is null then 'unknown'
            else 'met' end as verdict,
       name || case basis when 'declared' then ': found in infrastructure code' else ': seen' end ||
         case when encrypted = 0 then ', not encrypted'
              when encrypted is null then ', encryption not known'
              else ', encrypted' end as observed,
       'encrypted at rest' as rule
from found
