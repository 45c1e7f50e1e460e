-- claim:      Everybody has passed, and in time, what the analysis of training needs asks of the role.
-- cannot see: completions under another e-mail or a mistyped number; whether the course was
--             understood; and whether the analysis is right.
-- matters:    whoever holds the keys needs to know more than everybody.
-- needs:      training_need, training_completion
-- over:       population, training_due
-- parameter:  grace_days = 30
-- revision:   1
with due as materialized (
  select training_due.*, population.job_title, population.until_on as leaves_on,
         coalesce(population.email, population.employee_number, population.subject) as who,
         coalesce(training_due.first_by, add_days(population.from_on, :grace_days)) as by_on
  from training_due
  join population on population.subject = training_due.person and population.standing = 'counted'
)
select due.person || ' ' || due.course as subject,
       case when completed_on is not null and coalesce(until_on, :as_of) >= :as_of then 'met'
            when undated then 'unknown'
            when completed_on is null and by_on is null then 'not met'
            when completed_on is null and by_on >= :as_of then 'not applicable'
            else 'not met' end as verdict,
       who || ' (' || coalesce(job_title, 'no job title') || '): ' || course || ', ' ||
         case when completed_on is not null then 'last completed on ' || long_day(completed_on)
              when undated then 'completed on a day not known'
              when by_on >= :as_of then 'to be completed by ' || long_day(by_on)
              else 'nothing completed' end as observed,
       'needed by ' || case when role = '*' then 'everybody' else role end || ', counts ' ||
         coalesce('for ' || counted(months, 'month'), 'for ever') ||
         '; whoever starts has until ' || coalesce(long_day(first_by), 'the '
           || counted(:grace_days, 'day') || ' after') as rule,
       case when coalesce(leaves_on, '9999') > until_on then add_days(until_on, 1) end as lapses
from due
