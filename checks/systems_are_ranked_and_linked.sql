-- claim:      Every system has a rank of importance, names the systems it depends on, and was looked
--             at within 12 months.
-- cannot see: systems that nobody has listed, and dependencies that nobody has named.
-- matters:    in an emergency it tells what to bring back first, and what that needs.
-- needs:      system
-- parameter:  months = 12
-- revision:   1
with listed as (
  select min(name) as name, max(nullif(trim(importance), '')) as importance,
         max(nullif(trim(depends_on), '')) as depends_on, max(reviewed_on) as reviewed_on
  from system
  group by system.name
),
judged as (
  select *,
         case when importance is null or depends_on is null then 'not met'
              when reviewed_on is null then 'unknown'
              when add_months(reviewed_on, :months) < :as_of then 'not met'
              else 'met' end as verdict
  from listed
)
select name as subject, verdict,
       name || ': ' || coalesce('importance ' || importance, 'no importance') ||
         coalesce(', depends on ' || depends_on, ', no word on what it depends on') ||
         coalesce(', reviewed on ' || long_day(reviewed_on), ', day of review not known') as observed,
       'importance and dependencies stated, reviewed within ' || counted(:months, 'month') as rule,
       case when verdict = 'met' then add_days(add_months(reviewed_on, :months), 1) end as lapses
from judged
