-- claim:      Everybody who works here is recorded with a job title and a department.
-- cannot see: people whom the source never knew, and whether the title says what somebody does.
-- matters:    nobody can say which rights are too many who cannot say what somebody does.
-- over:       person
-- revision:   1
select person.id as subject,
       case when trim(person.job_title) <> '' and trim(person.department) <> '' then 'met'
            else 'not met' end as verdict,
       coalesce(person.email, person.name, person.id) || ': ' ||
         coalesce('job title ' || nullif(trim(person.job_title), ''), 'no job title') || ', ' ||
         coalesce('department ' || nullif(trim(person.department), ''), 'no department')
         as observed,
       'everybody who works here has a job title and a department' as rule
from person
where coalesce(person.started_on, :as_of) <= :as_of
  and coalesce(person.left_on, :as_of) >= :as_of
