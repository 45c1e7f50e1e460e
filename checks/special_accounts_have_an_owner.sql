-- claim:      Somebody answers for every service, shared and break-glass account.
-- cannot see: special accounts that their source does not tell from personal ones, and whether the
--             owner named still works here and knows of it.
-- matters:    an account that nobody owns keeps its password and its rights for ever.
-- over:       account, account_decision
-- revision:   2
select account.id as subject,
       case when trim(account.owner) <> '' then 'met'
            when account.enabled is null then 'unknown'
            else 'not met' end as verdict,
       account.kind || ' account ' || account.login || ' in ' || account.system ||
         case when trim(account.owner) <> '' then ' is owned by ' || account.owner
              else ' names no owner' end ||
         case when account.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'enabled service, shared and break-glass accounts name an owner' as rule,
       case when trim(account.owner) <> '' then add_days(decision.expires_on, 1) end as lapses
from account
left join account_decision as decision
  on decision.account = account.id and decision.expires_on >= :as_of
where coalesce(account.enabled, 1) = 1
  and account.kind in ('service', 'shared', 'break-glass')
