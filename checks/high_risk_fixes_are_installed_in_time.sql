-- claim:      Fixes of high risk are installed within 14 calendar days of their release.
-- cannot see: software that no inventory lists; fixes that are more than a newer version, such as
--             a changed setting; and where the finding is dated by the advisory, an earlier release.
-- matters:    what is fixed in public is attacked soon after, and Cyber Essentials fails on it.
-- needs:      asset
-- over:       advisory_finding
-- parameter:  days = 14
-- when empty: met
-- revision:   1
with open as (
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
       version ||
         case when affected is null then ', not known whether affected' else '' end ||
         case when fixed is null then ', no fix known'
              else ', fixed in ' || fixed ||
                coalesce(' of ' || fix_released_on || ', due ' || due, ', release day not known') end ||
         coalesce(', ' || severity, ', no severity stated: treated as high risk') as observed,
       'installed within ' || :days || ' days of release, if high, critical or not stated' as rule,
       case when verdict = 'met' then add_days(due, 1) end as lapses
from worst
where place = 1
