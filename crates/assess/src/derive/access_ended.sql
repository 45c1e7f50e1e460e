-- When accounts of leavers stopped working. `:as_of` is the day judged, `:at` its last instant,
-- `:known` the sources of accounts that may be relied upon; `london_day` turns an instant into a day.
create temp table leaver as
  select person.id, person.left_on, person.email, ltrim(person.employee_number, '0') as number,
         person.employee_number, person.left_on >= add_months(:as_of, -24) as recent
  from person where person.left_on <= :as_of;

-- Accounts that are there, by their links; of those who left long ago only what still works.
create temp table ending as
  select account.id as account, leaver.id as person, leaver.left_on, account.source, account.system,
         account.login, account.enabled, account.disabled_on, account.expires_on, 0 as gone
  from leaver
  join link on link.person = leaver.id
  join account on account.id = link.account
  where leaver.recent or coalesce(account.enabled, 1) = 1;

-- Accounts that complete readings no longer show. No link leads to what is not there, so these are
-- found by e-mail, or by employee number where the account had no e-mail, or by what was decided.
create temp table vanished as
  select history.row_key as account, leaver.id as person, leaver.left_on, history.source
  from leaver join history_account as history on history.email = leaver.email
  where leaver.recent and leaver.email <> ''
  union
  select history.row_key, leaver.id, leaver.left_on, history.source
  from leaver join history_account as history on history.employee_number = leaver.employee_number
  where leaver.recent and leaver.number <> '' and coalesce(history.email, '') = ''
  union
  select history.row_key, leaver.id, leaver.left_on, history.source
  from leaver join link on link.person = leaver.id
  join history_account as history on history.id = link.account
  where leaver.recent;
delete from temp.vanished
where source not in (:known) or account in (select account from temp.ending) or exists (
  select 1 from history_account as history
  where history.source = vanished.source and history.row_key = vanished.account
    and history.valid_from <= :at and coalesce(history.valid_to, '9999') > :at);
insert into temp.ending
select vanished.account, min(vanished.person), min(vanished.left_on), vanished.source,
       last.system, last.login, last.enabled, last.disabled_on, last.expires_on, 1
from vanished
join history_account as last on last.rowid = (
  select history.rowid from history_account as history
  where history.source = vanished.source and history.row_key = vanished.account
    and history.valid_from <= :at
  order by history.valid_from desc limit 1)
where coalesce(last.kind, 'human') not in ('service', 'system', 'shared', 'break-glass')
group by vanished.account, vanished.source having count(distinct vanished.person) = 1;

-- The last stretch of time in which readings saw the account work, and when it was first seen at all.
create temp table seen as
  select ending.*, open.valid_from as open_from, open.valid_to as open_to,
         (select min(history.valid_from) from history_account as history
          where history.source = ending.source and history.row_key = ending.account) as first_seen,
         (select max(history.valid_to) from history_account as history
          where history.source = ending.source and history.row_key = ending.account) as last_change
  from ending
  left join history_account as open on open.rowid = (
    select history.rowid from history_account as history
    where history.source = ending.source and history.row_key = ending.account
      and history.enabled = 1 and history.valid_from <= :at
    order by history.valid_from desc limit 1);

create temp table judged as
  select seen.*,
         case when gone then 0 when expires_on < :as_of then 0 else enabled end as open,
         (select max(coverage.ended_at) from coverage
          where coverage.table_name = 'account' and coverage.source_name = seen.source
            and coverage.outcome = 'complete' and coverage.ended_at >= seen.open_from
            and coverage.ended_at < coalesce(seen.open_to, '9999') and coverage.ended_at <= :at)
           as read_open
  from seen;

insert or ignore into temp.access_ended
select account, person, system, login, left_on, open,
       case when open is 0 and disabled_on is not null and not coalesce(enabled, 1) then disabled_on
            when open is 0 and not gone and expires_on < :as_of and coalesce(enabled, 1)
              then add_days(expires_on, 1)
            else london_day(coalesce(read_open, open_from)) end,
       case when coalesce(open, 1) then null
            when disabled_on is not null and not coalesce(enabled, 1) then disabled_on
            when not gone and expires_on < :as_of and coalesce(enabled, 1)
              then add_days(expires_on, 1)
            when open_from is not null then london_day(coalesce(open_to, last_change, first_seen))
            else london_day(first_seen) end,
       open is 0 and (disabled_on is not null and not coalesce(enabled, 1)
         or not gone and expires_on < :as_of and coalesce(enabled, 1)),
       case when coalesce(open, 1) then 'open'
            when disabled_on is not null and not coalesce(enabled, 1) then 'told'
            when not gone and expires_on < :as_of and coalesce(enabled, 1) then 'expired'
            when gone and coalesce(enabled, 1) then 'gone'
            else 'disabled' end
from judged;

drop table temp.leaver; drop table temp.ending; drop table temp.vanished; drop table temp.seen;
drop table temp.judged;
