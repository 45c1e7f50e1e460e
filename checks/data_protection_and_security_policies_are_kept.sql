-- claim:      There is a policy on data protection and one on security; one document may be both.
-- cannot see: what the documents say: a title is not a content. Whether people know them, and
--             policies that are kept elsewhere than in the folders that are read.
-- matters:    people can only be held to rules that are written down.
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
  select spaced.id,
         max(name like '% polic%'
           and (name like '% data protection%' or name like '% gdpr%')) as protects,
         max(name like '% polic%'
           and (name like '% information security%' or name like '% data security%'
             or name like '% cyber security%' or name like '% cybersecurity%'
             or name like '% it security%' or name like '% protection and security%'
             or name like '% protection & security%' or name like ' security polic%')) as secures
  from spaced
  where spaced.words > :least_words
  group by spaced.id
  having max(name like '% template%' or name like '% minutes%' or name like '% draft%') = 0
), found as (
  select min(case when protects then fitting.id end) as protection,
         min(case when secures then fitting.id end) as security
  from fitting
)
select 'data protection and security policies' as subject,
       case when protection is not null and security is not null then 'met'
            else 'not met' end as verdict,
       'policy on data protection: ' || coalesce(protection,
         'none among ' || counted((select count(*) from document), 'document')) ||
         '; policy on security: ' || coalesce(security,
         'none among ' || counted((select count(*) from document), 'document')) as observed,
       'documents of more than ' || counted(:least_words, 'word') ||
         ' are called data protection policy and security policy, or the like' as rule
from found
