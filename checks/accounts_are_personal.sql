-- claim:      Nobody signs in with an account that others use too.
-- cannot see: a personal password told to a colleague; shared accounts named after nothing in
--             particular; and accounts in systems that no source reads.
-- matters:    what was done with a shared account was done by nobody.
-- needs:      person
-- over:       account, link
-- parameter:  words = 'admin administrator admin-team administration office reception front-desk frontdesk info information enquiries contact hello help helpdesk help-desk service-desk servicedesk support sales accounts finance hr team shared guest visitor user test training demo kiosk scanner printer ward clinic nurse nurses pharmacy lab meeting-room boardroom temp'
-- revision:   1
with seen as (
  select account.id, account.login, account.system, account.kind, account.enabled,
         person.id as person,
         instr(' ' || :words || ' ', ' ' || rtrim(replace(replace(replace(lower(
           case when instr(account.login, '@') > 1
                then substr(account.login, 1, instr(account.login, '@') - 1)
                else account.login end
         ), '_', '-'), '.', '-'), ' ', '-'), '0123456789') || ' ') > 0 as function
  from account
  left join link on link.account = account.id
  left join person on person.id = link.person
  where coalesce(account.enabled, 1) = 1
    and coalesce(account.kind, 'human') in ('human', 'external', 'shared')
)
select seen.id as subject,
       case when seen.person is not null and coalesce(seen.kind, '') <> 'shared' then 'met'
            when seen.enabled is null then 'unknown'
            else 'not met' end as verdict,
       'account ' || seen.login || ' in ' || seen.system ||
         case when seen.kind = 'shared' then ' is declared as shared'
              when seen.person is not null then ' leads to one person'
              else ' is named after a function and leads to nobody' end ||
         case when seen.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'enabled accounts of people are neither of kind shared nor named after a function' as rule
from seen
where seen.kind = 'shared' or seen.person is not null or seen.function
