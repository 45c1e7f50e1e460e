-- claim:      Every entry of the register of stores was approved within 12 months.
-- cannot see: whether whoever approved an entry looked at the store.
-- matters:    an entry that nobody looks at describes the store of years ago.
-- over:       store
-- parameter:  months = 12
-- revision:   1
with entry as (
  select min(name) as name, min(approved_on) as approved_on,
         count(approved_on) = count(*) as known
  from store
  where basis = 'registered'
  group by store.name
),
judged as (
  select *,
         case when add_months(approved_on, :months) < :as_of then 'not met'
              when known then 'met'
              else 'unknown' end as verdict
  from entry
)
select name as subject, verdict,
       name || ': ' || coalesce('approved on ' || long_day(approved_on), 'day of approval not known') ||
         case when approved_on is not null and not known then ', another entry on an unknown day'
              else '' end as observed,
       'approved within ' || counted(:months, 'month') as rule,
       case when verdict = 'met' then add_days(add_months(approved_on, :months), 1) end as lapses
from judged
