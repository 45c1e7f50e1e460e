-- claim:      Nobody who has moved to another department keeps the rights of the former one.
-- cannot see: rights that only the mover held; moves that the source of people does not record; and
--             whether the new post needs an old right all the same, which is the reviewer's to say.
-- matters:    those who have moved most often hold most, and nobody has decided it.
-- needs:      person, account, link, grant
-- parameter:  after_days = 14
-- revision:   1
with here as materialized (
  select person.id, fold(person.department) as department
  from person
  where person.department <> '' and coalesce(person.started_on, :as_of) <= :as_of
    and coalesce(person.left_on, :as_of) >= :as_of
), mover as materialized (
  select person.id, person.moved_on, person.left_on,
         fold(person.department) as department, fold(person.previous_department) as former
  from person
  where coalesce(person.moved_on, :as_of) <= :as_of and person.previous_department <> ''
    and fold(coalesce(person.department, '')) <> fold(person.previous_department)
    and coalesce(person.left_on, :as_of) >= :as_of
), size as materialized (
  select here.department, count(*) as people from here group by here.department
), holders as materialized (
  select here.department, grant.system, grant.resource, grant.entitlement,
         count(distinct here.id) as people
  from here
  join link on link.person = here.id
  join account on account.id = link.account
  join grant on grant.account = account.id
  where coalesce(account.enabled, 1) = 1
    and here.department in (select former from mover union select department from mover)
  group by here.department, grant.system, grant.resource, grant.entitlement
), held as (
  select grant.id, account.login, account.enabled, mover.moved_on, mover.left_on,
         grant.entitlement || ' of ' || grant.resource || ' in ' || grant.system as right_held,
         coalesce(grant.granted_on > mover.moved_on, 0) as given_since,
         coalesce(former.people, 0) as former_people, coalesce(before.people, 0) as former_held,
         coalesce(present.people, 1) - 1 as others, coalesce(beside.people, 1) - 1 as others_held
  from mover
  join link on link.person = mover.id
  join account on account.id = link.account and coalesce(account.enabled, 1) = 1
  join grant on grant.account = account.id
  left join size as former on former.department = mover.former
  left join size as present on present.department = mover.department
  left join holders as before
    on (before.department, before.system, before.resource, before.entitlement)
     = (mover.former, grant.system, grant.resource, grant.entitlement)
  left join holders as beside
    on (beside.department, beside.system, beside.resource, beside.entitlement)
     = (mover.department, grant.system, grant.resource, grant.entitlement)
), judged as (
  select held.*,
         case when given_since or 5 * others_held > others then 'new'
              when former_people < 2 then 'unclear'
              when former_held < 2 or 2 * former_held < former_people then 'new'
              when others = 0 or enabled is null then 'unclear'
              else 'old' end as looks
  from held
)
select judged.id as subject,
       case when looks = 'new' then 'met'
            when days_between(moved_on, :as_of) <= :after_days then 'met'
            when looks = 'unclear' or moved_on is null then 'unknown'
            else 'not met' end as verdict,
       'account ' || login || ' holds “' || right_held || '”, as do ' || former_held ||
         ' of ' || former_people ||
         ' in the former department and ' || others_held || ' of ' || others || ' others in the new'
         || ' one; its person moved ' || coalesce('on ' || long_day(moved_on), 'on a day not known') ||
         case when given_since then ', given since' else '' end as observed,
       'from ' || counted(:after_days, 'day') || ' after a move, no right that half of the former'
         || ' department holds and at most a fifth of the new one' as rule,
       case when looks <> 'new' and coalesce(left_on, '9999') > add_days(moved_on, :after_days)
            then add_days(moved_on, :after_days + 1) end as lapses
from judged
