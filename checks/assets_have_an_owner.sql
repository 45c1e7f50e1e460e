-- claim:      Every machine and device in use has an owner.
-- cannot see: whether the owner knows of it, and machines that no source lists.
-- matters:    what nobody answers for nobody updates, and nobody misses.
-- needs:      asset
-- revision:   1
with used as (
  select min(name) as name, min(nullif(trim(owner), '')) as owner
  from asset
  where retired_on is null or retired_on > :as_of
  group by asset.name
)
select name as subject,
       case when owner is null then 'not met' else 'met' end as verdict,
       name || ': ' || coalesce('owner ' || owner, 'no source names an owner') as observed,
       'an owner named by at least one source' as rule
from used
