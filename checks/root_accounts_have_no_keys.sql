-- claim:      No root or break-glass account can be used with an access key.
-- cannot see: root accounts that their source names otherwise, and sources that list only some of
--             the credentials of an account.
-- matters:    a key of the root account in one lost file gives everything away, past every factor.
-- needs:      credential_factor
-- over:       account
-- revision:   1
with listing as materialized (
  select distinct credential_factor.source from credential_factor
), keys as materialized (
  select credential_factor.account, count(*) as all_keys,
         count(case when credential_factor.active then 1 end) as active,
         count(case when credential_factor.active is null then 1 end) as not_told
  from credential_factor
  where credential_factor.kind = 'access-key'
  group by credential_factor.account
)
select account.id as subject,
       case when keys.active > 0 then 'not met'
            when keys.not_told > 0 or listing.source is null then 'unknown'
            else 'met' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when keys.all_keys > 0
                then ' has ' || counted(keys.active, 'active access key') || ' of ' ||
                  keys.all_keys ||
                  case when keys.not_told > 0
                       then ', ' || keys.not_told || ' of a state not told' else '' end
              when listing.source is null then ': its source lists no credentials'
              else ' has no access key' end as observed,
       'root and break-glass accounts have no active access key' as rule
from account
left join keys on keys.account = account.id
left join listing on listing.source = account.source
where account.kind = 'break-glass'
   or (lower(account.login) in ('root', '<root_account>') and coalesce(account.kind, '') not in ('system', 'shared'))
