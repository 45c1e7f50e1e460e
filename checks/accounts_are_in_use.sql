-- claim:      No account of a person stands open unused.
-- cannot see: sign-ins that a system does not record, and use of keys and sessions that count as no
--             sign-in with their source.
-- matters:    nobody notices when an account that nobody uses is used by somebody else.
-- over:       account
-- parameter:  dormant_days = 90
-- renewed by: reading
-- revision:   1
with used as (
  select account.id, account.login, account.system, account.enabled,
         account.last_used_on, account.created_on,
         case when account.created_on > coalesce(account.last_used_on, '')
              then account.created_on else account.last_used_on end as alive_on
  from account
  where coalesce(account.enabled, 1) = 1
    and coalesce(account.kind, 'human') in ('human', 'external')
)
select used.id as subject,
       case when days_between(used.alive_on, :as_of) <= :dormant_days then 'met'
            when used.last_used_on is null or used.enabled is null then 'unknown'
            else 'not met' end as verdict,
       'account ' || used.login || ' in ' || used.system ||
         coalesce(', made on ' || long_day(used.created_on), '') ||
         coalesce(', last used on ' || long_day(used.last_used_on), ', last use not known') ||
         case when used.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'used or made within ' || counted(:dormant_days, 'day') as rule,
       add_days(used.alive_on, :dormant_days + 1) as lapses
from used
