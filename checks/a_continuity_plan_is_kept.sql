-- claim:      There is a plan for going on when systems or data are lost.
-- cannot see: what the document says: a title is not a content. Whether anybody has rehearsed it, and
--             a plan that is kept elsewhere than in the folders that are read.
-- matters:    in the outage itself nobody has the time to make a plan, or the systems to write it with.
-- needs:      document
-- parameter:  least_words = 50
-- revision:   1
with named as (
  select document.id, document.words, ' ' || fold(document.title) || ' ' as name from document
  union all
  select document.id, document.words,
         ' ' || fold(replace(document.path,
           rtrim(document.path, replace(document.path, '/', '')), ''))
  from document
), spaced as (
  select named.id, named.words,
         replace(replace(replace(named.name, '-', ' '), '_', ' '), '(', ' ') as name
  from named
), fitting as materialized (
  select spaced.id, max(spaced.words) as words
  from spaced
  group by spaced.id
  having max(name like '% continuity plan %' or name like '% continuity plan.%'
      or name like '% continuity % plan %' or name like '% continuity % plan.%'
      or name like '% contingency plan %' or name like '% contingency plan.%'
      or name like '% disaster recovery plan %' or name like '% disaster recovery plan.%') = 1
    and max(name like '% template%' or name like '% minutes%' or name like '% draft%') = 0
), counted as (
  select count(*) as fitting, min(fitting.id) as example, max(fitting.words) as longest,
         count(case when fitting.words > :least_words then 1 end) as kept,
         min(case when fitting.words > :least_words then fitting.id end) as kept_example
  from fitting
)
select 'continuity plan' as subject,
       case when kept > 0 then 'met' else 'not met' end as verdict,
       'continuity plan: ' ||
         case when kept > 0
                then kept_example || case when kept > 1
                  then ', and ' || counted(kept - 1, 'other document') || ' of such a name'
                  else '' end
              when fitting > 0
                then example || ' looks like one, but no such document has more than '
                  || counted(longest, 'word')
              else 'none among ' || counted((select count(*) from document), 'document')
              end as observed,
       'a document of more than ' || counted(:least_words, 'word') ||
         ' is called continuity plan, or the like' as rule
from counted
