-- What each of those counted has to have learnt. `:as_of` is the day judged.
create temp table passed as
  select lower(ltrim(training_completion.employee_number, '0')) as number,
         lower(training_completion.email) as mail, fold(training_completion.course) as course,
         training_completion.completed_on
  from training_completion
  where coalesce(training_completion.outcome, 'passed') = 'passed'
    and coalesce(training_completion.completed_on, training_completion.outcome) is not null
    and coalesce(training_completion.completed_on, :as_of) <= :as_of;

-- Which of the courses that somebody passed are meant by the words of a need.
create temp table meant as
  select need.course, taught.course as name
  from (select distinct course from training_need) as need
  join (select distinct course from passed) as taught
    on instr(taught.course, fold(need.course)) > 0;
create index temp.meant_name on meant (name);

create temp table by_number as
  select meant.course, passed.number as who, max(passed.completed_on) as last_on,
         max(passed.completed_on is null) as undated
  from passed join meant on meant.name = passed.course
  where passed.number <> '' group by passed.number, meant.course;
create index temp.by_number_who on by_number (who, course);
create temp table by_mail as
  select meant.course, passed.mail as who, max(passed.completed_on) as last_on,
         max(passed.completed_on is null) as undated
  from passed join meant on meant.name = passed.course
  where passed.mail <> '' group by passed.mail, meant.course;
create index temp.by_mail_who on by_mail (who, course);

-- By several roles the shortest time counts.
create temp table needed as
  select population.subject as person, training_need.course,
         max(training_need.role) as role, min(training_need.months) as months,
         min(training_need.within_days) as within_days,
         min(population.from_on) as from_on, min(population.email) as email,
         min(population.employee_number) as employee_number
  from population
  join training_need on training_need.role in ('*', population.job_title, population.department)
  where population.standing = 'counted'
  group by population.subject, training_need.course;

insert or ignore into temp.training_due
select needed.person, needed.course, needed.role, needed.months,
       nullif(max(coalesce(by_number.last_on, ''), coalesce(by_mail.last_on, '')), ''),
       max(coalesce(by_number.undated, 0), coalesce(by_mail.undated, 0)),
       add_months(nullif(max(coalesce(by_number.last_on, ''), coalesce(by_mail.last_on, '')), ''),
         needed.months),
       add_days(needed.from_on, needed.within_days)
from needed
left join by_number on by_number.who = lower(ltrim(needed.employee_number, '0'))
  and by_number.course = needed.course
left join by_mail on by_mail.who = lower(needed.email) and by_mail.course = needed.course;

drop table temp.passed; drop table temp.meant; drop table temp.by_number; drop table temp.by_mail;
drop table temp.needed;
