-- claim:      Nobody who has left still has a working account.
-- cannot see: accounts in systems that no source reads, and people whom the HR source never knew.
-- matters:    a leaver's account is the one that nobody watches.
-- needs:      person
-- over:       account, link, link_candidate
-- parameter:  leaver_days = 1
-- revision:   3
select coalesce(account.id, person.id) as subject,
       case when account.id is null then 'met'
            when account.enabled is null then 'unknown'
            when not account.enabled or account.expires_on < :as_of then 'met'
            when days_between(person.left_on, :as_of) > :leaver_days then 'not met'
            else 'met' end as verdict,
       case when account.id is null then 'no account was found'
            else 'account ' || account.login || ' in ' || account.system ||
              case when account.enabled is null then ' of unknown state'
                   when account.enabled and account.expires_on < :as_of
                     then ' ended by itself on ' || long_day(account.expires_on)
                   when account.enabled then ' enabled'
                   else ' disabled' end
       end || ', its person left on ' || long_day(person.left_on) as observed,
       'disabled within ' || counted(:leaver_days, 'day') || ' of leaving' as rule,
       case when account.enabled and coalesce(account.expires_on, :as_of) >= :as_of
            then add_days(person.left_on, :leaver_days + 1) end as lapses
from person
left join link on link.person = person.id
left join account on account.id = link.account
where person.left_on <= :as_of
  and (account.id is not null or not exists (
    select 1 from link_candidate as likely
    where likely.person = person.id and likely.band = 'suggest'))
union all
select account.id,
       case when account.enabled = 0 then 'met'
            when account.enabled and days_between(person.left_on, :as_of) <= :leaver_days then 'met'
            else 'unknown' end,
       'account ' || account.login || ' in ' || account.system ||
         case when account.enabled is null then ' of unknown state'
              when account.enabled then ' enabled'
              else ' disabled' end ||
         ', probably of somebody who left on ' || long_day(person.left_on) || ', by ' ||
         replace(likely.keys, '+', ', ') || '; nobody has decided',
       'disabled within ' || counted(:leaver_days, 'day') || ' of leaving',
       case when account.enabled then add_days(person.left_on, :leaver_days + 1) end
from person
join link_candidate as likely on likely.person = person.id
join account on account.id = likely.account
where person.left_on <= :as_of and likely.band = 'suggest'
