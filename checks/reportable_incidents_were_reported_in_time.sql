-- claim:      Every incident that had to be reported to the regulator was reported within 72 hours.
-- cannot see: incidents that nobody wrote down, and the hour: at a day's precision the third day after
--             an incident was found counts as 72 hours, which may be up to a day too kind.
-- matters:    the clock runs from the moment we know, and the law gives three days.
-- over:       incident
-- parameter:  days = 3
-- when empty: met
-- revision:   1
with judged as (
  select id, title, found_on, reportable, reported_on,
         case when reportable = 0 or (reportable is null and personal_data = 0) then 'not applicable'
              when reportable is null or found_on is null then 'unknown'
              when days_between(found_on, coalesce(reported_on, :as_of)) <= :days then 'met'
              else 'not met' end as verdict
  from incident
)
select id as subject, verdict,
       id || coalesce(' (' || title || ')', '') || ': ' ||
         coalesce('found on ' || long_day(found_on), 'found on an unknown day') ||
         case when verdict = 'not applicable' then ', need not be reported'
              when reportable is null then ', nobody has said whether it must be reported'
              when reported_on is not null then ', reported on ' || long_day(reported_on)
              when verdict = 'met'
                then ', to be reported by ' || long_day(add_days(found_on, :days))
              else ', not reported' end as observed,
       'reported within ' || counted(:days, 'day') || ' of being found' as rule,
       case when verdict = 'met' and reported_on is null then add_days(found_on, :days + 1) end as lapses
from judged
