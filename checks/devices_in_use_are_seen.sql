-- claim:      Every laptop, phone and tablet in use was heard from lately.
-- cannot see: who has it, and devices that were never enrolled.
-- matters:    a device that fell silent is lost, or lies in a drawer without updates.
-- needs:      asset
-- parameter:  days = 45
-- renewed by: reading
-- revision:   1
with device as (
  select min(name) as name, max(last_seen_on) as seen_on,
         max(kind in ('laptop', 'phone', 'tablet')) as portable
  from asset
  where retired_on is null or retired_on > :as_of
  group by asset.name
  having max(kind in ('laptop', 'phone', 'tablet')) is not 0
),
judged as (
  select *,
         case when days_between(seen_on, :as_of) <= :days then 'met'
              when seen_on is null or portable is null then 'unknown'
              else 'not met' end as verdict
  from device
)
select name as subject, verdict,
       name || ': ' ||
         coalesce('last seen on ' || long_day(seen_on), 'not known when it was last seen') ||
         case when portable is null then ', kind not known' else '' end as observed,
       'seen within ' || counted(:days, 'day') as rule,
       case when verdict = 'met' then add_days(seen_on, :days + 1) end as lapses
from judged
