-- claim:      Fixes of high risk are installed within 14 calendar days of their release.
-- cannot see: software that no inventory lists, and advisories that were not read; fixes that are
--             more than a newer version, such as a changed setting; and, where the finding is
--             dated by the advisory, an earlier release.
-- matters:    what is fixed in public is attacked soon after, and Cyber Essentials fails on it.
-- needs:      asset
-- over:       advisory_finding, component, advisory
-- parameter:  days = 14
-- revision:   2
with ecosystems as materialized (
  select component.ecosystem, count(*) as components
  from component
  where component.ecosystem <> 'docker' -- an image is judged by the components in it
  group by component.ecosystem
),
open as (
  select finding.asset, finding.component, finding.advisory, finding.version,
         finding.fixed, finding.affected, finding.severity, finding.fix_released_on,
         add_days(finding.fix_released_on, :days) as due,
         coalesce(finding.severity, 'high') in ('critical', 'high') as high
  from advisory_finding as finding
  where finding.affected is not 0
    and coalesce((select max(coalesce(retired_on, '9999-12-31')) from asset
                  where asset.name = finding.asset), '9999-12-31') > :as_of
),
judged as (
  select *,
         case when not high or fixed is null then 'not applicable'
              when affected is null or due is null then 'unknown'
              when due < :as_of then 'not met'
              else 'met' end as verdict
  from open
),
worst as (
  select *, row_number() over (
              partition by judged.asset, judged.component, judged.advisory
              order by case verdict when 'not met' then 0 when 'unknown' then 1 when 'met' then 2
                         else 3 end, due, version) as place
  from judged
)
select asset || ' ' || component || ' ' || advisory as subject, verdict,
       asset || ' ' || component || ' ' || advisory || ': version ' || version ||
         case when affected is null then ', not known whether affected' else '' end ||
         case when fixed is null then ', no fix known'
              else ', fixed in ' || fixed ||
                coalesce(', released on ' || long_day(fix_released_on) ||
                    ' and due by ' || long_day(due),
                  ', release day not known') end ||
         coalesce(', risk ' || severity, ', no severity stated (treated as high risk)') as observed,
       'installed within ' || counted(:days, 'day') ||
         ' of release, if high, critical or not stated' as rule,
       case when verdict = 'met' then add_days(due, 1) end as lapses
from worst
where place = 1
union all
select ecosystem,
       case when advisories = 0 then 'unknown' else 'met' end,
       ecosystem || ': ' || counted(components, 'component') ||
         case when advisories = 0 then ', compared with nothing: no advisory for it was read'
              else ', compared with ' || counted(advisories, 'advisory', 'advisories') end,
       'compared with the advisories of their ecosystem', null
from (select ecosystems.*, (select count(distinct advisory.id) from advisory
                            where advisory.ecosystem = ecosystems.ecosystem) as advisories
      from ecosystems)
