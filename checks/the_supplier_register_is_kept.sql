-- claim:      There is a register of suppliers, and it says of each whether it handles personal data.
-- cannot see: suppliers that nobody has put in the register.
-- matters:    a supplier that nobody thought of is asked for nothing.
-- needs:      supplier
-- revision:   1
with listed as (
  select min(name) as name, max(personal_data) as personal_data
  from supplier
  group by supplier.name
)
select 'supplier register' as subject,
       case when count(*) = 0 then 'not met'
            when count(personal_data) < count(*) then 'not met'
            else 'met' end as verdict,
       'supplier register: ' ||
       case when count(*) = 0 then 'no supplier'
            else count(personal_data) || ' of ' || counted(count(*), 'supplier') ||
              ' with a word on personal data' ||
              coalesce(', missing: ' || min(case when personal_data is null then name end) ||
                case when count(*) - count(personal_data) > 1 then ' and others' else '' end, '')
            end as observed,
       'at least one supplier, each with a word on whether it handles personal data' as rule
from listed
