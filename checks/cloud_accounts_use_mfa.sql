-- claim:      Everybody who uses a cloud service that offers a second factor uses one.
-- cannot see: services that no source reads; whether the register is right about who hosts what; and
--             whether a registered factor is demanded at each sign-in.
-- matters:    Cyber Essentials asks it of every user of every cloud service, administrator or not;
--             third parties say that since version 3.3 one that lacks it fails the whole assessment.
-- needs:      system
-- over:       account, mfa_cell
-- revision:   1
select account.id as subject,
       case when mfa_cell.cyber_essentials = 0 then 'not applicable'
            when mfa_cell.cyber_essentials is null then 'unknown'
            when mfa_cell.answer then 'met'
            when mfa_cell.answer = 0 and account.enabled then 'not met'
            else 'unknown' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when mfa_cell.cyber_essentials is null
                then ', of which the register does not say whether another firm hosts it'
              when mfa_cell.cyber_essentials = 0
                then ', which is no cloud service that offers a second factor'
              when mfa_cell.answer then ' has a second factor (' ||
                coalesce(mfa_cell.basis, 'basis not told') || ')'
              when mfa_cell.answer is null then ': second factor not known'
              when account.enabled then ' has no second factor'
              else ' has no second factor; whether it can sign in is not known' end as observed,
       'enabled accounts of people in systems that another firm hosts have a second factor, unless'
         || ' the register says that none is offered' as rule
from mfa_cell
join account on account.id = mfa_cell.account
