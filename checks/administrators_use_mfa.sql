-- claim:      Every administrator's account is protected by a second factor.
-- cannot see: rights given outside the systems that are read; whether a factor that is registered
--             is also demanded at each sign-in; and how strong it is.
-- matters:    one stolen password of an administrator opens everything.
-- over:       account, mfa_cell
-- revision:   2
select account.id as subject,
       case when account.kind in ('service', 'system') then 'not applicable'
            when mfa_cell.answer then 'met'
            when mfa_cell.answer = 0 and account.enabled and account.privileged then 'not met'
            else 'unknown' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when account.kind in ('service', 'system') then ' belongs to a machine'
              when mfa_cell.answer then ' has a second factor (' ||
                coalesce(mfa_cell.basis, 'basis not told') || ')'
              when mfa_cell.answer = 0 then ' has no second factor'
              else ': second factor not known' end ||
         case when account.privileged is null then '; whether it is an administrator is not known'
              when account.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'enabled accounts with administrator''s rights, break-glass included, have a second factor'
         as rule
from account
left join mfa_cell on mfa_cell.account = account.id
where coalesce(account.enabled, 1) = 1 and coalesce(account.expires_on, :as_of) >= :as_of
  and (account.privileged
       or (account.privileged is null and coalesce(mfa_cell.answer, 0) = 0
           and coalesce(account.kind, '') not in ('service', 'system')))
