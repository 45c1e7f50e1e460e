-- claim:      Every system with a recovery point objective has a backup that is recent enough for it.
-- cannot see: the hour of a backup: a day is the finest step here, so an objective of less than a day
--             is met by yesterday's backup; which of several stores of a system lacks one; systems
--             for which nobody has stated an objective.
-- matters:    a backup that stopped is noticed on the day it is needed.
-- needs:      store, backup
-- over:       system
-- renewed by: reading
-- revision:   1
with aim as (
  select min(name) as name, min(rpo_minutes) as rpo_minutes,
         max(1, (min(rpo_minutes) + 1439) / 1440) as days
  from system
  where rpo_minutes is not null
  group by system.name
),
place as (
  select system.name as serves, system.name as target from system
  union
  select store.system, store.name from store where store.system is not null
),
taken as (
  select place.serves,
         max(case when backup.outcome = 'succeeded' then backup.taken_on end) as good_on,
         max(case when backup.outcome is null or
                       (backup.taken_on is null and backup.outcome = 'succeeded')
             then coalesce(backup.taken_on, :as_of) end) as unsure_on
  from place
  join backup on backup.target = place.target
  group by place.serves
),
judged as (
  select aim.name, aim.rpo_minutes, aim.days, taken.good_on,
         case when days_between(taken.good_on, :as_of) <= aim.days then 'met'
              when days_between(taken.unsure_on, :as_of) <= aim.days then 'unknown'
              else 'not met' end as verdict
  from aim
  left join taken on taken.serves = aim.name
)
select name as subject, verdict,
       name || ': ' || coalesce('last good backup on ' || long_day(good_on), 'no good backup') ||
         case when verdict = 'unknown' then ', another of unknown outcome or day'
              else '' end as observed,
       'within ' || counted(days, 'day') || ', for an objective of ' ||
         counted(rpo_minutes, 'minute') as rule,
       case when verdict = 'met' then add_days(good_on, days + 1) end as lapses
from judged
