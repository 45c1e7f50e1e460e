-- claim:      Nobody holds a right that the role does not have.
-- cannot see: rights in systems whose grants no source reads, and whether the file of roles is right.
-- matters:    rights are added one by one for good reasons, and nobody takes them away.
-- needs:      person, link, role_entitlement
-- over:       account, grant
-- revision:   1
with holder as materialized (
  select person.id, person.job_title, person.department,
         coalesce(person.email, person.name, person.id) as who,
         exists (select 1 from role_entitlement where role_entitlement.role = person.job_title)
           or exists (select 1 from role_entitlement
                      where role_entitlement.role = person.department) as declared
  from person
  where coalesce(person.started_on, :as_of) <= :as_of
    and coalesce(person.left_on, :as_of) >= :as_of
), held as (
  select grant.id, account.login, account.enabled, holder.who, holder.declared, holder.job_title,
         grant.entitlement || ' of ' || grant.resource || ' in ' || grant.system as right_held,
         exists (
           select 1 from role_entitlement
           where role_entitlement.role in ('*', holder.job_title, holder.department)
             and role_entitlement.system = grant.system
             and role_entitlement.resource in ('*', grant.resource)
             and role_entitlement.entitlement in ('*', grant.entitlement)) as fits
  from holder
  join link on link.person = holder.id
  join account on account.id = link.account and coalesce(account.enabled, 1) = 1
  join grant on grant.account = account.id
)
select held.id as subject,
       case when fits then 'met'
            when not declared or enabled is null then 'unknown'
            else 'not met' end as verdict,
       'account ' || login || ' of ' || who || ' (' || coalesce(job_title, 'no job title') ||
         ') holds “' || right_held || '”, ' ||
         case when fits then 'which the role has'
              when not declared then 'and nobody has said what the role has'
              else 'which the role does not have' end as observed,
       'every right of an enabled account is among those that the file of roles gives to its person''s'
         || ' job title or department, or to everybody' as rule
from held
