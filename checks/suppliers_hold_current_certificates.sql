-- claim:      Every supplier of IT holds a current certificate of cyber security.
-- cannot see: whether the certificate's scope covers what the supplier does for us, and
--             certificates that were withdrawn before their last day.
-- matters:    a supplier's weak spot is ours, and its certificate ends without anybody telling us.
-- needs:      certificate
-- over:       supplier
-- revision:   1
with supplied as (
  select min(name) as name, max(it_supplier) as it_supplier
  from supplier
  group by supplier.name
),
held as (
  select holder, scheme, expires_on,
         row_number() over (
           partition by holder
           order by case when expires_on >= :as_of then 0 when expires_on is null then 1 else 2 end,
                    expires_on desc, scheme) as place
  from certificate
  where scheme in ('cyber-essentials', 'cyber-essentials-plus', 'iso27001')
    and (issued_on is null or issued_on <= :as_of)
)
select supplied.name as subject,
       case when supplied.it_supplier = 0 then 'not applicable'
            when supplied.it_supplier is null then 'unknown'
            when held.holder is null then 'not met'
            when held.expires_on is null then 'unknown'
            when held.expires_on >= :as_of then 'met'
            else 'not met' end as verdict,
       supplied.name || ': ' ||
       case when supplied.it_supplier = 0 then 'supplies no IT'
            when supplied.it_supplier is null then 'nobody has said whether it supplies IT'
            when held.holder is null then 'no certificate'
            else case held.scheme when 'iso27001' then 'ISO 27001'
                 when 'cyber-essentials' then 'Cyber Essentials' else 'Cyber Essentials Plus' end ||
              coalesce(case when held.expires_on < :as_of then ' ended on ' else ' until ' end ||
                long_day(held.expires_on), ', last day not known') end as observed,
       'Cyber Essentials, Cyber Essentials Plus or ISO 27001, valid on the day' as rule,
       case when supplied.it_supplier and held.expires_on >= :as_of
            then add_days(held.expires_on, 1) end as lapses
from supplied
left join held on held.holder = supplied.name and held.place = 1
