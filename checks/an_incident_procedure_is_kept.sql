-- claim:      There is a procedure for incidents and breaches.
-- cannot see: what the document says: a title is not a content. Whether people know it, and a
--             procedure that is kept elsewhere than in the folders that are read.
-- matters:    the hours in which a breach must be reported run while people look for whom to ask.
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
  having max((name like '% incident%' or name like '% breach%')
      and (name like '% procedure%' or name like '% plan %' or name like '% plan.%'
           or name like '% policy%' or name like '% playbook%')) = 1
    and max(name like '% template%' or name like '% minutes%' or name like '% draft%') = 0
), counted as (
  select count(*) as fitting, min(fitting.id) as example, max(fitting.words) as longest,
         count(case when fitting.words > :least_words then 1 end) as kept,
         min(case when fitting.words > :least_words then fitting.id end) as kept_example
  from fitting
)
select 'incident procedure' as subject,
       case when kept > 0 then 'met' else 'not met' end as verdict,
       'incident procedure: ' ||
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
         ' is called incident procedure, or the like' as rule
from counted
