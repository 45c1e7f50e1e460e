-- claim:      Every system that must be brought back in a stated time, or that holds personal data,
--             was restored in rehearsal within 12 months.
-- cannot see: how much of the system was restored, and what the rehearsal left out.
-- matters:    a backup that was never restored is a hope.
-- needs:      store, restore
-- over:       system
-- parameter:  months = 12
-- revision:   1
with asked as (
  select min(name) as name,
         max(rto_minutes is not null or personal_data) as asked
  from system
  group by system.name
),
place as (
  select system.name as serves, system.name as target from system
  union
  select store.system, store.name from store where store.system is not null
),
tried as (
  select place.serves,
         max(case when restore.outcome = 'passed' then restore.tested_on end) as passed_on,
         max(case when restore.outcome = 'failed' then restore.tested_on end) as failed_on,
         max(case when restore.outcome is null or
                       (restore.tested_on is null and restore.outcome in ('passed', 'failed'))
             then coalesce(restore.tested_on, :as_of) end) as unsure_on
  from place
  join restore on restore.target = place.target
  group by place.serves
),
judged as (
  select asked.name, asked.asked, tried.passed_on, tried.failed_on, tried.unsure_on,
         case when asked.asked = 0 then 'not applicable'
              when tried.unsure_on >= max(coalesce(tried.passed_on, ''), coalesce(tried.failed_on, ''))
                   and add_months(tried.unsure_on, :months) >= :as_of then 'unknown'
              when add_months(tried.passed_on, :months) < :as_of or tried.passed_on is null
                   or tried.failed_on > tried.passed_on
              then case when asked.asked then 'not met' else 'unknown' end
              when tried.failed_on = tried.passed_on then 'unknown'
              else 'met' end as verdict
  from asked
  left join tried on tried.serves = asked.name
)
select name as subject, verdict,
       name || ': ' ||
       case when asked = 0 then 'no recovery time objective and no personal data'
            else coalesce('restore last passed on ' || long_day(passed_on), 'no restore passed') ||
              coalesce(', last failed on ' || long_day(failed_on), '') ||
              case when unsure_on is null then '' else ', one of unknown outcome or day' end ||
              case when asked is null then ', not known whether it holds personal data' else '' end
            end as observed,
       'a restore passed within ' || counted(:months, 'month') || ', and none failed since' as rule,
       case when verdict = 'met' then add_days(add_months(passed_on, :months), 1) end as lapses
from judged
