-- claim:      Nobody who has left still has a working account.
-- cannot see: accounts in systems that no source reads, and people whom the HR source never knew.
-- matters:    a leaver's account is the one that nobody watches.
-- needs:      person
-- over:       account, link
-- parameter:  leaver_days = 1
-- when empty: met
-- revision:   1
select account.id as subject,
       case when account.enabled then 'not met'
            when account.enabled is null then 'unknown'
            else 'met' end as verdict,
       'left ' || person.left_on || ', account ' || account.login || ' in ' || account.system ||
         case when account.enabled then ' enabled'
              when account.enabled is null then ' of unknown state'
              else ' disabled' end as observed,
       'disabled within ' || :leaver_days || ' day(s) of leaving' as rule
from person
join link on link.person = person.id
join account on account.id = link.account
where days_between(person.left_on, :as_of) > :leaver_days
