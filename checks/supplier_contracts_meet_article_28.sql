-- claim:      Every supplier that handles personal data for us is bound by a contract with the
--             terms that UK GDPR Article 28 asks for.
-- cannot see: the contract itself: the register states that the terms are there, and a contract
--             without a last day is taken to run on.
-- matters:    without the terms we answer for what the supplier does with the data.
-- over:       supplier
-- revision:   1
with bound as (
  select min(name) as name, max(personal_data) as personal_data, min(contract_article_28) as terms,
         max(contract_ends_on) as ends_on
  from supplier
  group by supplier.name
)
select name as subject,
       case when personal_data = 0 then 'not applicable'
            when personal_data is null then 'unknown'
            when terms = 0 then 'not met'
            when terms is null then 'unknown'
            when ends_on < :as_of then 'unknown'
            else 'met' end as verdict,
       name || ': ' ||
       case when personal_data = 0 then 'handles no personal data for us'
            when personal_data is null then 'nobody has said whether it handles personal data'
            when terms = 0 then 'contract lacks the terms'
            when terms is null then 'nobody has said whether the contract has the terms'
            when ends_on < :as_of
            then 'contract ended on ' || long_day(ends_on) ||
              ', what binds the supplier now is not known'
            else 'contract has the terms' || coalesce(' and runs until ' || long_day(ends_on), '') end as observed,
       'a contract in force with the terms of Article 28' as rule,
       case when personal_data and terms and ends_on >= :as_of
            then add_days(ends_on, 1) end as lapses
from bound
