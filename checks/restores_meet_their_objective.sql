-- claim:      The last restore of every system was as quick, and lost as little, as its objectives ask.
-- cannot see: whether the rehearsal was as hard as a real loss, and the time until people could work.
-- matters:    an objective that was never measured against is a wish.
-- needs:      store, restore
-- over:       system
-- revision:   1
with aim as (
  select min(name) as name, min(rto_minutes) as rto_minutes, min(rpo_minutes) as rpo_minutes
  from system
  where rto_minutes is not null or rpo_minutes is not null
  group by system.name
),
place as (
  select system.name as serves, system.name as target from system
  union
  select store.system, store.name from store where store.system is not null
),
passed as (
  select place.serves, restore.tested_on, restore.took_minutes, restore.loss_minutes,
         rank() over (partition by place.serves order by restore.tested_on desc) as place
  from place
  join restore on restore.target = place.target and restore.outcome = 'passed'
),
newest as (
  select serves, max(tested_on) as tested_on,
         case when count(took_minutes) = count(*) then max(took_minutes) end as took_minutes,
         case when count(loss_minutes) = count(*) then max(loss_minutes) end as loss_minutes,
         max(took_minutes) as most_took, max(loss_minutes) as most_loss
  from passed
  where place = 1
  group by passed.serves
)
select aim.name as subject,
       case when most_took > rto_minutes or most_loss > rpo_minutes then 'not met'
            when took_minutes <= rto_minutes and loss_minutes <= rpo_minutes then 'met'
            else 'unknown' end as verdict,
       aim.name || ': ' ||
         case when newest.serves is null then 'no restore passed'
              else 'restore of ' || coalesce(long_day(tested_on), 'an unknown day') ||
                coalesce(' took ' || counted(most_took, 'minute'), ' took a time not known') ||
                coalesce(', lost ' || counted(most_loss, 'minute'), ', loss not known') end as observed,
       coalesce('at most ' || counted(rto_minutes, 'minute'), 'length not stated') ||
         coalesce(', loss at most ' || counted(rpo_minutes, 'minute'), ', loss not stated') as rule
from aim
left join newest on newest.serves = aim.name
