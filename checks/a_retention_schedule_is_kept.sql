-- claim:      There is a schedule of how long each kind of record is kept.
-- cannot see: what the document says: a title is not a content. Whether records are destroyed when
--             their time is up, and a schedule kept elsewhere than in the folders that are read.
-- matters:    what nobody has set an end for is kept for ever, and lost with all the rest.
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
  having max(name like '% retention%'
      and (name like '% schedule%' or name like '% policy%' or name like '% period%')
      and name not like '% staff retention%' and name not like '% employee retention%'
      and name not like '% customer retention%') = 1
    and max(name like '% template%' or name like '% minutes%' or name like '% draft%') = 0
), counted as (
  select count(*) as fitting, min(fitting.id) as example, max(fitting.words) as longest,
         count(case when fitting.words > :least_words then 1 end) as kept,
         min(case when fitting.words > :least_words then fitting.id end) as kept_example
  from fitting
)
select 'retention schedule' as subject,
       case when kept > 0 then 'met' else 'not met' end as verdict,
       case when kept > 0 then kept || ' document(s) of such a name, such as ' || kept_example
            when fitting > 0
              then example || ' looks like one, but the longest has ' || longest || ' words only'
            else 'none of ' || (select count(*) from document) || ' document(s) looks like one'
            end as observed,
       'a document of more than ' || :least_words || ' words is called retention schedule, or'
         || ' the like' as rule
from counted
