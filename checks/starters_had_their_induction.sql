-- claim:      Everybody who started within the last year has had an induction.
-- cannot see: inductions that are not recorded as a course; completions under another e-mail or a
--             mistyped number; and what was taught.
-- matters:    most mistakes of the first weeks are made by people whom nobody told.
-- needs:      training_completion
-- over:       person
-- parameter:  course = 'induction'
-- parameter:  look_back_days = 365
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
  select done.number, min(done.completed_on) as completed_on
  from done where done.number <> '' group by done.number
), by_email as materialized (
  select done.email, min(done.completed_on) as completed_on
  from done where done.email <> '' group by done.email
)
select person.id as subject,
       case when coalesce(by_number.completed_on, by_email.completed_on) is not null then 'met'
            when days_between(person.started_on, :as_of) <= :grace_days then 'not applicable'
            when by_number.number <> '' or by_email.email <> ''
              or person.started_on is null then 'unknown'
            else 'not met' end as verdict,
       coalesce(person.email, person.name, person.id) || ': started on ' ||
         coalesce(long_day(person.started_on), 'a day not known') || ', ' ||
         case when coalesce(by_number.completed_on, by_email.completed_on) is not null
                then 'completed on ' ||
                  long_day(coalesce(by_number.completed_on, by_email.completed_on))
              when by_number.number <> '' or by_email.email <> ''
                then 'completed on a day not known'
              when days_between(person.started_on, :as_of) <= :grace_days
                then 'has until ' || long_day(add_days(person.started_on, :grace_days))
              else 'nothing completed' end as observed,
       'a course named ' || :course || ' is completed within ' || counted(:grace_days, 'day') as rule
from person
left join by_number on by_number.number = lower(ltrim(person.employee_number, '0'))
left join by_email on by_email.email = lower(person.email)
where coalesce(person.left_on, :as_of) >= :as_of
  and coalesce(days_between(person.started_on, :as_of), 0) between 0 and :look_back_days
