-- Who is counted. `:as_of` is the day judged.
create temp table listed as
  select person.id, person.source, person.email, lower(nullif(trim(person.email), '')) as mail,
         person.employee_number, person.job_title, person.department, person.started_on,
         person.left_on,
         case when person.left_on < :as_of then 'left'
              when person.started_on > :as_of then 'to come'
              else 'counted' end as standing
  from person;
create index temp.listed_mail on listed (mail);

-- Several lists may hold one human being, told by the e-mail; the first of them counts.
create temp table first_list as
  select mail, min(source) as source from listed
  where mail is not null and standing = 'counted' group by mail;
create index temp.first_list_mail on first_list (mail);

insert or ignore into temp.population
select 'person', listed.id,
       case when listed.standing <> 'counted' then listed.standing
            when first_list.source <> listed.source then 'double'
            when gone.id is not null then 'waiting'
            else 'counted' end,
       case when listed.standing = 'left' then 'left on ' || long_day(listed.left_on)
            when listed.standing = 'to come' then 'starts on ' || long_day(listed.started_on)
            when first_list.source <> listed.source
              then 'is counted as listed by ' || first_list.source
            when gone.id is not null
              then 'works here as ' || listed.source || ' has it, and left on '
                || long_day(gone.left_on) || ' as ' || gone.source || ' has it'
            else 'works here' end,
       listed.id, null, listed.employee_number, listed.email, listed.job_title, listed.department,
       listed.started_on, listed.left_on
from listed
left join first_list on first_list.mail = listed.mail and listed.standing = 'counted'
left join listed as gone on gone.id = (
  select other.id from listed as other
  where other.mail = listed.mail and other.source <> listed.source and other.standing = 'left'
    and other.left_on > coalesce(listed.started_on, '')
  order by other.left_on desc, other.id limit 1);

-- Accounts that can sign in. A decision stands above what sources and the matcher say.
create temp table open_account as
  select account.id, account.system, account.login, account.enabled, account.email,
         lower(nullif(trim(account.email), '')) as mail, account.employee_number,
         account.created_on, account.expires_on,
         coalesce(nullif(decision.kind, ''), account.kind) as kind,
         coalesce(nullif(trim(decision.owner), ''), nullif(trim(account.owner), '')) as owner,
         case when decision.account is null then link.person else decision.person end as leads_to
  from account
  left join link on link.account = account.id
  left join account_decision as decision on decision.account = account.id
    and decision.decided_on <= :as_of and coalesce(decision.expires_on, :as_of) >= :as_of
  where coalesce(account.enabled, 1) = 1 and coalesce(account.expires_on, :as_of) >= :as_of;

create temp table settled as
  select open_account.*, person.id as person,
         case when open_account.kind in ('service', 'system', 'shared', 'break-glass') then 'special'
              when person.id is not null then 'linked'
              when leads_to is null and owner is not null
                and coalesce(open_account.kind, '') <> 'human'
                then 'counted'
              else 'waiting' end as standing
  from open_account left join person on person.id = open_account.leads_to;

-- Somebody from outside with accounts in several systems is one human being.
create temp table first_account as
  select mail, min(id) as id from settled
  where standing = 'counted' and mail is not null group by mail;
create index temp.first_account_mail on first_account (mail);

insert or ignore into temp.population
select 'account', settled.id,
       case when settled.standing = 'counted'
              and (first_list.mail is not null or first_account.id <> settled.id) then 'double'
            else settled.standing end,
       'account ' || settled.login || ' in ' || settled.system ||
         case when settled.standing = 'special'
                then ' is a ' || settled.kind || ' account that '
                  || coalesce(settled.owner || ' answers for', 'nobody answers for')
              when settled.standing = 'linked' then ' leads to somebody listed'
              when settled.standing = 'counted' and first_list.mail is not null
                then ' has the e-mail of somebody who is listed'
              when settled.standing = 'counted' and first_account.id <> settled.id
                then ' is of somebody from outside who has another account too'
              when settled.standing = 'counted'
                then ' is of somebody from outside whom ' || settled.owner || ' answers for'
              when settled.leads_to is not null then ' is linked to a person whom no source lists'
              when settled.kind in ('contractor', 'external')
                then ' is of somebody from outside, and nobody answers for it'
              else ' leads to nobody who is listed' end ||
         case when settled.enabled is null then '; whether it can sign in is not known'
              else '' end,
       settled.person, settled.system, settled.employee_number, settled.email, null, null,
       settled.created_on, settled.expires_on
from settled
left join first_list on first_list.mail = settled.mail
left join first_account on first_account.mail = settled.mail;

drop table temp.listed; drop table temp.first_list; drop table temp.open_account;
drop table temp.settled; drop table temp.first_account;
