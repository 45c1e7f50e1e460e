-- claim:      The accounts of those who left were closed in time.
-- cannot see: accounts in systems that no source reads; what happened between two readings, unless
--             the system itself keeps the day; and sessions that outlive their account.
-- matters:    most harm by those who leave in anger is done in the first days.
-- needs:      person
-- over:       account, link, access_ended
-- parameter:  within_days = 7
-- parameter:  look_back_days = 365
-- revision:   1
with ended as (
  select coalesce(access_ended.account, person.id) as subject, access_ended.*,
         person.left_on as last_day, add_days(person.left_on, :within_days) as limit_on
  from person
  left join access_ended on access_ended.person = person.id
  where person.left_on <= :as_of
    and (days_between(person.left_on, :as_of) <= :look_back_days or coalesce(access_ended.open, 1))
)
select ended.subject,
       case when account is null then 'met'
            when coalesce(open, 1) and :as_of <= limit_on then 'met'
            when open then 'not met'
            when open is null then 'unknown'
            when earliest_on is null or latest_on <= limit_on then 'met'
            else 'not met' end as verdict,
       case when account is null then 'no account was found'
            else 'account ' || login || ' in ' || system end ||
         case when account is null then ''
              when open then ' still works'
              when open is null then ': whether it works is not known'
              when exact then ' was closed on ' || long_day(latest_on)
              when earliest_on is null
                then ' was closed when first read on ' || long_day(latest_on)
                  || ', and no reading saw it work'
              else ' was closed between ' || long_day(earliest_on) || ', when it was last seen to'
                || ' work, and ' || long_day(latest_on) end ||
         '; its person left on ' || long_day(last_day) as observed,
       'closed within ' || counted(:within_days, 'day') || ' of leaving, judged by the latest day'
         || ' that it can have been' as rule,
       case when open then add_days(limit_on, 1) end as lapses
from ended
