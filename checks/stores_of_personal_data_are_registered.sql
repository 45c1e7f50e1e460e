-- claim:      Every store that was found and holds personal data stands in the register.
-- cannot see: stores that neither infrastructure nor a reading names, and data that was classed wrongly.
-- matters:    the register promises people that we know where their data is.
-- needs:      store, data_element
-- revision:   1
with found as (
  select min(name) as name, min(basis) as basis
  from store
  where basis in ('declared', 'observed')
  group by store.name
),
held as (
  select found.name, found.basis,
         exists (select 1 from store
                 where store.name = found.name and store.basis = 'registered') as registered,
         count(data_element.id) as elements, count(data_element.personal) as said,
         sum(data_element.personal) as personal
  from found
  left join data_element on data_element.store = found.name
  group by found.name
)
select name as subject,
       case when registered then 'met'
            when personal > 0 then 'not met'
            when elements > 0 and said = elements then 'not applicable'
            else 'unknown' end as verdict,
       name || case basis when 'declared' then ': found in infrastructure code' else ': seen' end ||
         case when registered then ', registered' else ', not registered' end ||
         case when personal > 0 then ', personal data in ' || counted(personal, 'element')
              when elements = 0 then ', nobody has said what it holds'
              when said < elements then ', not known whether it holds personal data'
              else ', no personal data' end as observed,
       'a store with personal data stands in the register under its name' as rule
from held
