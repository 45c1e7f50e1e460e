-- claim:      Everybody with an administrator's rights has signed for them.
-- cannot see: administrators whose accounts lead to no person; rights that no source reports; and
--             what the paper that was signed says.
-- matters:    rights over everything go with a responsibility that has been explained and accepted.
-- needs:      person, agreement
-- over:       account, link
-- revision:   1
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
  select link.person, max(account.enabled) as enabled, count(*) as accounts,
         min(account.login || ' in ' || account.system) as example
  from account
  join link on link.account = account.id
  where account.privileged and coalesce(account.enabled, 1) = 1
  group by link.person
)
select person.id as subject,
       case when coalesce(by_number.signed_on, by_email.signed_on) is not null then 'met'
            when by_number.number <> '' or by_email.email <> '' then 'unknown'
            when administrator.enabled is null then 'unknown'
            else 'not met' end as verdict,
       coalesce(person.email, person.name, person.id) ||
         case when coalesce(by_number.signed_on, by_email.signed_on) is not null
                then ' signed on ' || long_day(coalesce(by_number.signed_on, by_email.signed_on))
              when by_number.number <> '' or by_email.email <> '' then ' signed on a day not known'
              else ' has signed nothing' end ||
         '; administers with ' || counted(administrator.accounts, 'account') ||
         case when administrator.accounts > 1 then ', such as ' else ', ' end ||
         administrator.example ||
         case when administrator.enabled is null
                then '; whether an account can sign in is not known' else '' end as observed,
       'an administrator''s agreement is signed by everybody behind an enabled privileged account'
         as rule
from administrator
join person on person.id = administrator.person
left join by_number on by_number.number = lower(ltrim(person.employee_number, '0'))
left join by_email on by_email.email = lower(person.email)
