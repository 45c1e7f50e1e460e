-- claim:      Every machine in use runs an operating system that its maker still supports.
-- cannot see: whether extended support was bought, machines that no source lists, and an end of
--             support that was announced after our table of dates was made.
-- matters:    holes found after the end of support are never closed.
-- needs:      support
-- over:       asset
-- revision:   1
with machine as (
  select name, kind, os, os_version,
         row_number() over (
           partition by name
           order by os is null, os_version is null, last_seen_on desc, id) as place
  from asset
  where retired_on is null or retired_on > :as_of
),
dated as (
  select machine.name, machine.kind, machine.os, machine.os_version,
         support.product is not null as listed, support.ends_on, support.extended_until
  from machine
  left join support on support.product = machine.os and support.cycle = machine.os_version
  where machine.place = 1
)
select name as subject,
       case when os is null and kind in ('image', 'repository', 'container') then 'not applicable'
            when not listed then 'unknown'
            when ends_on is null or ends_on >= :as_of then 'met'
            when extended_until >= :as_of then 'unknown'
            else 'not met' end as verdict,
       case when os is null and kind in ('image', 'repository', 'container')
            then name || ' has no operating system of its own'
            when os is null then name || ': operating system not known'
            when os_version is null then name || ' runs ' || os || ' of unknown version'
            else name || ' runs ' || os || ' ' || os_version ||
              case when not listed then ', end of support not known'
                   when ends_on is null then ', no end of support named'
                   when ends_on >= :as_of then ', supported until ' || long_day(ends_on)
                   when extended_until >= :as_of
                   then ', public support ended on ' || long_day(ends_on) ||
                     '; extended support until ' || long_day(extended_until) ||
                     ' exists, whether it is bought is not known'
                   else ', support ended on ' ||
                     long_day(max(ends_on, coalesce(extended_until, ends_on))) end
            end as observed,
       'security support open to everybody, or extended support known to be bought' as rule,
       case when ends_on >= :as_of then add_days(ends_on, 1) end as lapses
from dated
