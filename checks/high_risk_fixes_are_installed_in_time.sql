-- claim:      Fixes of high risk are installed within 14 calendar days of their release.
-- cannot see: software that no inventory and no scanner lists, and advisories that were not read; and,
--             where nothing better dates a fix than an advisory's publication, an earlier release.
-- matters:    what is fixed in public is attacked soon after, and Cyber Essentials fails on it.
-- needs:      asset
-- over:       patch_clock, component, advisory
-- revision:   3
with ecosystems as materialized (
  select component.ecosystem, count(*) as components
  from component
  where component.ecosystem <> 'docker' -- an image is judged by the components in it
  group by component.ecosystem
),
open as (
  select clock.*
  from patch_clock as clock
  where clock.policy = 'Cyber Essentials'
    and clock.state not in ('mended', 'decommissioned', 'not seen')
    and coalesce((select max(coalesce(retired_on, '9999-12-31')) from asset
                  where asset.name = clock.asset), '9999-12-31') > :as_of
),
judged as (
  select *,
         case verdict when 'breached' then 'not met'
              when 'open' then 'met'
              when 'excepted' then 'met'
              when 'grade not known' then 'unknown'
              when 'not compared' then 'unknown'
              when 'fix not dated' then 'unknown'
              else 'not applicable' end as judgement
  from open
)
select asset || ' ' || component || ' ' || vulnerability as subject, judgement as verdict,
       asset || ' ' || component || ' ' || vulnerability || ': version ' || version ||
         case verdict when 'not compared' then ', not known whether affected' else '' end ||
         case when fixed is null and fix_released_on is null then ', no fix known'
              else coalesce(', fixed in ' || fixed, '') ||
                coalesce(', released on ' || long_day(fix_released_on) ||
                    case fix_bound when 'exact' then '' else ' (' || fix_bound || ' date)' end ||
                    coalesce(' and due by ' || long_day(due_on), ''),
                  ', release day not known') end ||
         ', ' || grade ||
         coalesce(', excepted until ' || long_day(excepted_until), '') ||
         case when state = 'open' then '' else ', ' || state end as observed,
       'installed within 14 days of release, if grave' as rule,
       case verdict when 'open' then add_days(due_on, 1)
            when 'excepted' then add_days(excepted_until, 1) end as lapses
from judged
union all
select ecosystem,
       case when advisories = 0 then 'unknown' else 'met' end,
       ecosystem || ': ' || counted(components, 'component') ||
         case when advisories = 0 then ', compared with nothing: no advisory for it was read'
              else ', compared with advisories for ' || counted(advisories, 'package') end,
       'compared with the advisories of their ecosystem', null
from (select ecosystems.*, 
        coalesce(advised_packages(ecosystems.ecosystem), 0)
          + (select count(distinct advisory.package) from advisory
             where advisory.ecosystem = ecosystems.ecosystem) as advisories
      from ecosystems)
