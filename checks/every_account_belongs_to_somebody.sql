-- claim:      Every working account of a person leads to somebody we know.
-- cannot see: accounts in systems that no source reads; whether the person an account leads to is
--             the one who uses it; and whether a named owner still works here.
-- matters:    an account of nobody is the one that nobody reviews, closes or misses.
-- needs:      person
-- over:       account, link, link_candidate, account_decision
-- revision:   2
select account.id as subject,
       case when person.id is not null then 'met'
            when account.owner <> '' and coalesce(account.kind, '') <> 'human' then 'met'
            when account.enabled is null then 'unknown'
            when likely.person is not null then 'unknown'
            else 'not met' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when person.id is not null
                then ' leads to a person by ' || 
                  coalesce(replace(nullif(link.keys, 'decided'), '+', ', '), 'decision')
              when account.owner <> '' and coalesce(account.kind, '') <> 'human'
                then ' is answered for by ' || account.owner
              when link.person is not null then ' is linked to a person whom no source knows'
              when likely.person is not null
                then ' probably leads to a person by ' || replace(likely.keys, '+', ', ') ||
                  '; nobody has decided'
              else ' leads to nobody' end ||
         case when account.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'enabled accounts of people lead to a person by two independent keys or a decision;'
         || ' external ones may name an owner instead' as rule,
       case when coalesce(person.id, account.owner) <> ''
            then add_days(coalesce(link.expires_on, decision.expires_on), 1) end as lapses
from account
left join link on link.account = account.id
left join person on person.id = link.person
left join link_candidate as likely
  on likely.account = account.id and likely.rank = 1 and likely.band = 'suggest'
left join account_decision as decision
  on decision.account = account.id and decision.expires_on >= :as_of
where coalesce(account.enabled, 1) = 1
  and coalesce(account.kind, 'human') in ('human', 'external', 'contractor')
