-- claim:      Everybody with an administrator's rights has signed for them.
-- cannot see: administrators whose accounts lead to nobody and are not marked as from outside;
--             rights that no source reports; and what the paper that was signed says.
-- matters:    rights over everything go with a responsibility that has been explained and accepted.
-- needs:      person, agreement
-- over:       account, link
-- revision:   2
with signed as materialized (
  select lower(ltrim(agreement.employee_number, '0')) as number, lower(agreement.email) as email,
         agreement.signed_on
  from agreement
  where fold(agreement.kind) = 'administrator'
    and coalesce(agreement.signed_on, :as_of) <= :as_of
), by_number as materialized (
  select signed.number, min(signed.signed_on) as signed_on
  from signed where signed.number <> '' group by signed.number
), by_email as materialized (
  select signed.email, min(signed.signed_on) as signed_on
  from signed where signed.email <> '' group by signed.email
), administrator as materialized (
  select person.id as subject, coalesce(person.email, person.name, person.id) as who,
         person.email, person.employee_number, max(account.enabled) as enabled,
         count(*) as accounts, min(account.login || ' in ' || account.system) as example
  from account
  join link on link.account = account.id
  join person on person.id = link.person
  where account.privileged and coalesce(account.enabled, 1) = 1
  group by person.id
  union all
  select min(account.id), coalesce(account.email, account.login) || ', from outside,',
         account.email, null, max(account.enabled), count(*),
         min(account.login || ' in ' || account.system)
  from account
  left join link on link.account = account.id
  where account.privileged and coalesce(account.enabled, 1) = 1 and link.account is null
    and account.kind in ('contractor', 'external')
  group by coalesce(lower(nullif(account.email, '')), account.id)
)
select administrator.subject,
       case when coalesce(by_number.signed_on, by_email.signed_on) is not null then 'met'
            when by_number.number <> '' or by_email.email <> '' then 'unknown'
            when administrator.enabled is null then 'unknown'
            else 'not met' end as verdict,
       administrator.who ||
         case when coalesce(by_number.signed_on, by_email.signed_on) is not null
                then ' signed on ' || long_day(coalesce(by_number.signed_on, by_email.signed_on))
              when by_number.number <> '' or by_email.email <> '' then ' signed on a day not known'
              else ' has signed nothing' end ||
         '; administers with ' || counted(administrator.accounts, 'account') ||
         case when administrator.accounts > 1 then ', such as ' else ', ' end ||
         administrator.example ||
         case when administrator.enabled is null
                then '; whether an account can sign in is not known' else '' end as observed,
       'an administrator''s agreement is signed by everybody behind an enabled privileged account,'
         || ' those from outside included, whom their e-mail tells' as rule
from administrator
left join by_number on by_number.number = lower(ltrim(administrator.employee_number, '0'))
left join by_email on by_email.email = lower(administrator.email)
