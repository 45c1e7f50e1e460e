-- claim:      Every account that people can use from outside is protected by a second factor.
-- cannot see: systems that no source reads; whether the register is right about what can be reached
--             from outside; and whether a registered factor is demanded at each sign-in.
-- matters:    a password alone can be stolen from anywhere and used from anywhere.
-- needs:      system
-- over:       account, mfa_cell
-- revision:   2
with registered as materialized (
  select system.name,
         case when max(system.remote) = 1 then 1
              when count(system.remote) = count(*) then 0 end as remote
  from system
  group by system.name
)
select account.id as subject,
       case when registered.remote = 0 then 'not applicable'
            when registered.remote is null then 'unknown'
            when mfa_cell.answer then 'met'
            when mfa_cell.answer = 0 and account.enabled then 'not met'
            else 'unknown' end as verdict,
       'account ' || account.login || ' in ' || account.system ||
         case when registered.name is null then ', which the register of systems does not name'
              when registered.remote is null then ', of which the register does not say whether it'
                || ' can be reached from outside'
              when registered.remote = 0 then ', which cannot be reached from outside'
              when mfa_cell.answer then ' has a second factor (' ||
                coalesce(mfa_cell.basis, 'basis not told') || ')'
              when mfa_cell.answer is null then ': second factor not known'
              when account.enabled then ' has no second factor'
              else ' has no second factor; whether it can sign in is not known' end as observed,
       'enabled accounts of people in systems that can be reached from outside have a second factor'
         as rule
from mfa_cell
join account on account.id = mfa_cell.account
left join registered on registered.name = account.system
