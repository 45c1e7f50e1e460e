-- What is asked of each account about a second factor, and what is known. `:as_of` is the day judged.
create temp table registered as
  select system.name as name,
         case when max(system.remote) = 1 then 1
              when count(system.remote) = count(*) then 0 end as remote,
         case when max(system.external) = 1 then 1
              when count(system.external) = count(*) then 0 end as external,
         case when max(system.personal_data) = 1 then 1
              when count(system.personal_data) = count(*) then 0 end as personal_data,
         case when max(system.mfa_offered) = 1 then 1
              when count(system.mfa_offered) = count(*) then 0 end as offered
  from system group by system.name;
create index temp.registered_name on registered (name collate nocase);

-- Only a rule that is on, and for everybody and everything, enforces anything of any one account.
create temp table enforced as
  select distinct sign_in_policy.system as system from sign_in_policy
  where sign_in_policy.state = 'on' and sign_in_policy.demands_mfa and sign_in_policy.everybody
    and sign_in_policy.everything;
create index temp.enforced_system on enforced (system collate nocase);

-- A certificate that resists nothing is a key for programs, as passwords and other keys are none of
-- the second factors.
create temp table factors as
  select credential_factor.account,
         case when min(credential_factor.phishing_resistant) = 0 then 0
              when count(credential_factor.phishing_resistant) = count(*) then 1 end as resistant
  from credential_factor
  where coalesce(credential_factor.active, 1) = 1
    and credential_factor.kind not in ('password', 'access-key', 'ssh-key', 'api-key', 'token')
    and not (credential_factor.kind = 'certificate'
      and coalesce(credential_factor.phishing_resistant, 1) = 0)
  group by credential_factor.account;
create index temp.factors_account on factors (account);

create temp table excepted as
  select lower(exception.subject) as subject, min(exception.approved_by) as approved_by,
         max(min(exception.expires_on, add_months(exception.approved_on, 12))) as until_on
  from exception
  where exception.check_name in ('accounts_near_personal_data_use_mfa', 'administrators_use_mfa',
      'cloud_accounts_use_mfa', 'remote_accounts_use_mfa')
    and exception.approved_on <= :as_of
    and min(exception.expires_on, add_months(exception.approved_on, 12)) >= :as_of
  group by lower(exception.subject);
create index temp.excepted_subject on excepted (subject);

insert or ignore into temp.mfa_cell
select account.id, account.system, link.person, account.privileged,
       registered.remote, registered.external, registered.personal_data,
       case when registered.remote = 1 then 'must'
            when account.privileged and registered.external then 'must'
            when registered.remote = 0 and account.privileged = 0 then 'none'
            when registered.remote = 0 and account.privileged and registered.external = 0
              then 'should' end,
       case when registered.external = 0 or registered.offered = 0 then 0
            when registered.external = 1 then 1 end,
       coalesce(account.mfa, case when enforced.system is not null then 1 end),
       case when account.mfa = 0 then account.mfa_basis
            when enforced.system is not null then 'enforced'
            else account.mfa_basis end,
       case when account.mfa = 0 then 0 else factors.resistant end,
       excepted.approved_by, excepted.until_on
from account
left join link on link.account = account.id
left join registered on account.system = registered.name
left join enforced on account.system = enforced.system
left join factors on factors.account = account.id
left join excepted on excepted.subject = lower(account.id)
where coalesce(account.enabled, 1) = 1 and coalesce(account.expires_on, :as_of) >= :as_of
  and coalesce(account.kind, 'human') not in ('service', 'system');

drop table temp.registered; drop table temp.enforced; drop table temp.factors;
drop table temp.excepted;
