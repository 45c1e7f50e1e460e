-- claim:      No access key in use is older than a year.
-- cannot see: keys in systems that no source reads, copies of a key, and whether a new key replaced
--             the old one everywhere.
-- matters:    a key leaks once and works until somebody replaces it.
-- over:       credential_factor
-- parameter:  months = 12
-- when empty: met
-- revision:   1
select credential_factor.id as subject,
       case when add_months(credential_factor.created_on, :months) >= :as_of then 'met'
            when credential_factor.created_on is null
              or credential_factor.active is null then 'unknown'
            else 'not met' end as verdict,
       'access key of account ' || credential_factor.account ||
         coalesce(', made on ' || long_day(credential_factor.created_on),
           ', made on a day not known') ||
         case when credential_factor.active is null then '; whether it is active is not known'
              else '' end as observed,
       'active access keys are at most ' || counted(:months, 'month') || ' old' as rule,
       add_days(add_months(credential_factor.created_on, :months), 1) as lapses
from credential_factor
where credential_factor.kind = 'access-key'
  and coalesce(credential_factor.active, 1) = 1
