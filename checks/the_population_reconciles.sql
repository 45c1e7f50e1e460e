-- claim:      Everybody who works here and everybody with access is counted, and counted once.
-- cannot see: accounts in systems that no source reads, and people without an account whom no list
--             names.
-- matters:    a percentage of people means nothing while nobody can say of how many.
-- needs:      population, account
-- revision:   1
select population.subject as subject,
       case when population.standing <> 'waiting' then 'met'
            when population.about = 'account' and account.enabled is null then 'unknown'
            else 'not met' end as verdict,
       case when population.about = 'person'
              then coalesce(population.email, population.employee_number, population.subject) || ' '
            else '' end || population.why as observed,
       'every enabled account leads to somebody listed, is of somebody from outside or of nobody in'
         || ' particular by somebody''s word, and no two lists contradict each other' as rule
from population
left join account on account.id = population.subject and population.about = 'account'
