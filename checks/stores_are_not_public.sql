-- claim:      No store that was found can be read by anybody on the internet.
-- cannot see: links handed out one by one, and stores that neither infrastructure nor a reading names.
-- matters:    an open bucket is found by others within hours.
-- over:       store
-- revision:   1
with found as (
  select min(name) as name, max(public) as public, min(basis) as basis
  from store
  where basis in ('declared', 'observed')
  group by store.name
)
select name as subject,
       case when public then 'not met'
            when public is null then 'unknown'
            else 'met' end as verdict,
       name || case basis when 'declared' then ': found in infrastructure code' else ': seen' end ||
         case when public then ', open to anybody'
              when public is null then ', not known whether it is open'
              else ', not open' end as observed,
       'not readable by anybody on the internet' as rule
from found
