-- claim:      There is a privacy notice.
-- cannot see: what the document says: a title is not a content. Whether it is published, and a
--             notice that is kept elsewhere than in the folders that are read.
-- matters:    people must be told what is done with their data, before it is done.
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
  having max((name like '% privacy notice%' or name like '% privacy policy%'
           or name like '% privacy statement%' or name like '% privacy information%'
           or name like '% fair processing%' or name like '% transparency notice%'
           or name like '% how we use your %')) = 1
    and max(name like '% template%' or name like '% minutes%' or name like '% draft%') = 0
), counted as (
  select count(*) as fitting, min(fitting.id) as example, max(fitting.words) as longest,
         count(case when fitting.words > :least_words then 1 end) as kept,
         min(case when fitting.words > :least_words then fitting.id end) as kept_example
  from fitting
)
select 'privacy notice' as subject,
       case when kept > 0 then 'met' else 'not met' end as verdict,
       'privacy notice: ' ||
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
         ' is called privacy notice, or the like' as rule
from counted
