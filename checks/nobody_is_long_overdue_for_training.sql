-- claim:      Nobody who works here is long overdue for the training in data security.
-- cannot see: completions under another e-mail or a mistyped number, and long absences, in which
--             somebody neither trains nor works.
-- matters:    a good average can hide the few who never come.
-- needs:      training_completion
-- over:       person
-- parameter:  course = 'data security'
-- parameter:  months = 12
-- parameter:  overdue_days = 60
-- parameter:  grace_days = 30
-- revision:   1
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
), staff as (
  select person.id, coalesce(person.email, person.name, person.id) as who,
         person.started_on, person.left_on,
         nullif(max(coalesce(by_number.last_on, ''), coalesce(by_email.last_on, '')), '')
           as last_on,
         max(coalesce(by_number.undated, 0), coalesce(by_email.undated, 0)) as undated
  from person
  left join by_number on by_number.number = lower(ltrim(person.employee_number, '0'))
  left join by_email on by_email.email = lower(person.email)
  where coalesce(person.started_on, :as_of) <= :as_of
    and coalesce(person.left_on, :as_of) >= :as_of
), due as (
  select staff.*,
         add_days(nullif(max(coalesce(add_months(last_on, :months), ''),
           coalesce(add_days(started_on, :grace_days), '')), ''), :overdue_days) as until_on
  from staff
)
select due.id as subject,
       case when until_on >= :as_of then 'met'
            when until_on is null or undated then 'unknown'
            else 'not met' end as verdict,
       who || ': ' || coalesce('last completed the course on ' || long_day(last_on), 'nothing completed') ||
         case when undated then ' (and something on a day not known)' else '' end ||
         ', started here on ' || coalesce(long_day(started_on), 'a day not known') as observed,
       'last course named ' || :course || ' at most ' || counted(:months, 'month') || ' and ' ||
         counted(:overdue_days, 'day') || ' ago; starters have ' || counted(:grace_days, 'day') ||
         ' first' as rule,
       case when coalesce(left_on, '9999') > until_on then add_days(until_on, 1) end as lapses
from due
