-- claim:      No administrator's second factor can be phished.
-- cannot see: factors of which a system does not tell, and ways around them such as the help desk.
-- matters:    codes and approvals are given away on the telephone every day; keys and passkeys
--             cannot be. No rule known to us demands it yet: this is advice.
-- needs:      credential_factor
-- over:       account, mfa_cell
-- revision:   1
select account.id as subject,
       case when mfa_cell.phishing_resistant then
              case when mfa_cell.answer then 'met' else 'unknown' end
            when mfa_cell.privileged is null or account.enabled is null then 'unknown'
            when mfa_cell.phishing_resistant = 0 then 'not met'
            else 'unknown' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when mfa_cell.answer = 0 then ' has no second factor'
              when mfa_cell.phishing_resistant then ' has only factors that resist phishing'
              when mfa_cell.phishing_resistant = 0 then ' has a factor that can be phished'
              else ': what kind of second factor is not known' end ||
         case when mfa_cell.privileged is null then '; whether it is an administrator is not known'
              when account.enabled is null then '; whether it can sign in is not known'
              else '' end as observed,
       'enabled accounts with administrator''s rights have keys, passkeys or certificates, and nothing'
         || ' weaker beside them' as rule
from mfa_cell
join account on account.id = mfa_cell.account
where mfa_cell.privileged
   or (mfa_cell.privileged is null and coalesce(mfa_cell.phishing_resistant, 0) = 0)
