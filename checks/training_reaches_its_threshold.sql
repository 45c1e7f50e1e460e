-- claim:      Enough of those who work here or have access have passed the yearly training in data
--             security.
-- cannot see: people whom no list and no account names; completions under another e-mail or a mistyped
--             number; and whether the course was understood.
-- matters:    one untrained person in twenty is the most that the yearly statement allows.
-- needs:      population, training_completion
-- parameter:  course = 'data security'
-- parameter:  months = 12
-- parameter:  percent = 95
-- revision:   2
with done as materialized (
  select lower(ltrim(training_completion.employee_number, '0')) as number,
         lower(training_completion.email) as email, training_completion.completed_on
  from training_completion
  where instr(fold(training_completion.course), fold(:course)) > 0
    and coalesce(training_completion.outcome, 'passed') = 'passed'
    and coalesce(training_completion.completed_on, training_completion.outcome) is not null
    and coalesce(training_completion.completed_on, :as_of) <= :as_of
), by_number as materialized (
  select done.number, max(done.completed_on) as last_on, max(done.completed_on is null) as undated
  from done where done.number <> '' group by done.number
), by_email as materialized (
  select done.email, max(done.completed_on) as last_on, max(done.completed_on is null) as undated
  from done where done.email <> '' group by done.email
), staff as materialized (
  select max(coalesce(population.from_on, :as_of), :as_of) as from_on,
         coalesce(population.until_on, '9999-12-30') as until_on,
         coalesce(add_months(nullif(max(coalesce(by_number.last_on, ''),
           coalesce(by_email.last_on, '')), ''), :months), '') as trained_until,
         max(coalesce(by_number.undated, 0), coalesce(by_email.undated, 0)) as undated
  from population
  left join by_number on by_number.number = lower(ltrim(population.employee_number, '0'))
  left join by_email on by_email.email = lower(population.email)
  where population.standing in ('counted', 'to come')
    and coalesce(population.until_on, '9999-12-30')
      >= max(coalesce(population.from_on, ''), :as_of)
), unsettled as materialized (
  select count(*) as n, min(population.why) as example
  from population where population.standing = 'waiting'
), step as (
  select from_on as day, 1 as people, trained_until >= from_on as trained,
         trained_until < from_on and undated as perhaps from staff
  union all select add_days(until_on, 1), -1, 0, 0 from staff
  union all select add_days(min(trained_until, until_on), 1), 0, -1, 0
  from staff where trained_until >= from_on
), tally as materialized (
  select day, sum(sum(people)) over (order by day) as people,
         sum(sum(trained)) over (order by day) as trained, sum(perhaps) as perhaps
  from step group by day
)
select 'everybody' as subject,
       case when (select n from unsettled) = 0 and 100 * trained >= :percent * people then 'met'
            when 100 * (trained + perhaps + (select n from unsettled))
              >= :percent * (people + (select n from unsettled)) then 'unknown'
            else 'not met' end as verdict,
       trained || ' of ' || people || ' people' ||
         case when (select n from unsettled) = 0 then printf(' (%.1f%%)', 100.0 * trained / people)
              else ' known so far' end || ' have passed' ||
         case when perhaps > 0 then ', and ' || perhaps || ' on a day not known' else '' end ||
         coalesce((select '; there is no percentage while the population does not reconcile: '
             || counted(n, 'entry', 'entries') || ' not settled, such as ' || example
           from unsettled where n > 0), '') as observed,
       'at least ' || :percent || '% have passed a course named ' || :course || ' in the last ' ||
         counted(:months, 'month') as rule,
       (select min(day) from tally
        where day > :as_of and (people = 0 or 100 * trained < :percent * people)) as lapses
from tally
where day = :as_of and people > 0
