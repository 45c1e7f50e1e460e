-- claim:      Every closed incident was reviewed for its causes, and none stays open for long.
-- cannot see: incidents that nobody wrote down, and what became of the review's lessons.
-- matters:    an incident that taught nothing happens again.
-- over:       incident
-- parameter:  days = 90
-- when empty: met
-- revision:   1
with dated as (
  select id, title, closed_on, reviewed_on, coalesce(found_on, happened_on) as began_on,
         closed_on is not null and closed_on <= :as_of as closed
  from incident
),
judged as (
  select *,
         case when closed then case when reviewed_on is null then 'not met' else 'met' end
              when began_on is null then 'unknown'
              when days_between(began_on, :as_of) > :days then 'not met'
              else 'met' end as verdict
  from dated
)
select id as subject, verdict,
       id || coalesce(' (' || title || ')', '') || ': ' ||
         case when closed
              then 'closed on ' || long_day(closed_on) ||
                coalesce(', reviewed on ' || long_day(reviewed_on), ', not reviewed')
              else 'open since ' || coalesce(long_day(began_on), 'an unknown day') end as observed,
       'closed and reviewed, or open for at most ' || counted(:days, 'day') as rule,
       case when not closed and verdict = 'met' then add_days(began_on, :days + 1) end as lapses
from judged
