-- claim:      The storage of every laptop, phone and tablet in use is encrypted.
-- cannot see: who else knows the key, devices that no source lists, and memory cards and sticks.
-- matters:    a lost device that is encrypted is a lost device; any other is a breach.
-- over:       asset
-- revision:   1
with device as (
  select min(name) as name, min(encrypted) as encrypted,
         max(kind in ('laptop', 'phone', 'tablet')) as portable
  from asset
  where retired_on is null or retired_on > :as_of
  group by asset.name
  having max(kind in ('laptop', 'phone', 'tablet')) is not 0
)
select name as subject,
       case when encrypted then 'met'
            when encrypted is null or portable is null then 'unknown'
            else 'not met' end as verdict,
       name || ': ' ||
       case when encrypted then 'encrypted'
            when encrypted is null then 'encryption not known'
            else 'not encrypted' end ||
         case when portable is null then ', kind not known' else '' end as observed,
       'storage encrypted' as rule
from device
