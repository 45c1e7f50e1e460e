-- claim:      Personal data is encrypted on every way it takes.
-- cannot see: how strong the encryption is, flows that no source names, and which data a declared
--             link between two services carries.
-- matters:    on the way data passes through hands that nobody chose.
-- over:       flow
-- revision:   1
with way as (
  select min(origin) || ' to ' || min(destination) || coalesce(' by ' || protocol, '') as subject,
         max(personal) as personal, min(encrypted) as encrypted, min(basis) as basis,
         protocol is null and min(basis = 'declared') as bare
  from flow
  group by origin, destination, protocol
)
select subject,
       case when personal = 0 then 'not applicable'
            when encrypted then 'met'
            when personal and encrypted = 0 then 'not met'
            when personal is null and encrypted is null and bare then 'not applicable'
            else 'unknown' end as verdict,
       subject || ': ' || basis ||
         case when personal then ', personal data'
              when personal = 0 then ', no personal data'
              when bare then ', a link without protocol or data'
              else ', not known whether personal data' end ||
         case when encrypted then ', encrypted'
              when encrypted = 0 then ', not encrypted'
              else ', encryption not known' end as observed,
       'encrypted on the way if it carries personal data' as rule
from way
