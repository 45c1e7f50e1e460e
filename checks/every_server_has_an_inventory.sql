-- claim:      The software of every server in use is listed.
-- cannot see: whether a list is complete, and software installed beside the package manager.
-- matters:    what is not listed is never compared with advisories, and looks safe.
-- needs:      component
-- over:       asset
-- revision:   1
with machine as (
  select min(name) as name, max(kind = 'server') as server
  from asset
  where retired_on is null or retired_on > :as_of
  group by asset.name
  having max(kind = 'server') is not 0
),
counted as (
  select name, server, (select count(*) from component where component.asset = machine.name) as listed
  from machine
)
select name as subject,
       case when listed > 0 then 'met'
            when server is null then 'unknown'
            else 'not met' end as verdict,
       name || ': ' ||
       case when listed > 0 then counted(listed, 'component') || ' listed'
            when server is null then 'nothing listed, not known whether it is a server'
            else 'nothing listed' end as observed,
       'at least one component listed' as rule
from counted
