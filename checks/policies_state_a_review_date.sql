-- claim:      Every policy, plan, procedure and notice says by when it must be reviewed.
-- cannot see: dates written in a form that could not be read, and policies whose title does not
--             say that they are.
-- matters:    what has no day set for it is looked at after the accident.
-- over:       document
-- revision:   1
select document.id as subject,
       case when document.review_by is not null then 'met'
            when document.kind is null then 'unknown'
            else 'not met' end as verdict,
       document.id || ': ' || coalesce(document.kind, 'document of unknown kind') ||
         coalesce(', review due by ' || long_day(document.review_by), ', states no review date') as observed,
       'policies, plans, procedures and notices state a review date' as rule
from document
where coalesce(document.kind, 'policy') in ('policy', 'plan', 'procedure', 'notice')
