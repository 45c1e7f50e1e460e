-- claim:      Everybody who can reach personal data signs in with a second factor.
-- cannot see: systems that no source reads; whether the register is right about personal data; and
--             whether a registered factor is demanded at each sign-in.
-- matters:    it is the data that is stolen, not the account.
-- needs:      system
-- over:       account, mfa_cell
-- revision:   1
select account.id as subject,
       case when mfa_cell.personal_data = 0 then 'not applicable'
            when mfa_cell.personal_data is null then 'unknown'
            when mfa_cell.answer then 'met'
            when mfa_cell.answer = 0 and account.enabled then 'not met'
            else 'unknown' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when mfa_cell.personal_data is null
                then ', of which the register does not say whether it processes personal data'
              when mfa_cell.personal_data = 0 then ', which processes no personal data'
              when mfa_cell.answer then ' has a second factor (' ||
                coalesce(mfa_cell.basis, 'basis not told') || ')'
              when mfa_cell.answer is null then ': second factor not known'
              when account.enabled then ' has no second factor'
              else ' has no second factor; whether it can sign in is not known' end as observed,
       'enabled accounts of people in systems that process personal data have a second factor' as rule
from mfa_cell
join account on account.id = mfa_cell.account
