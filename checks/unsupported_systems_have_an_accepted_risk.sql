-- claim:      Whoever runs a machine past its support has accepted the risk, until a named day.
-- cannot see: whether the acceptance was wise, and whether extended support was bought.
-- matters:    an unsupported machine is a decision; without a name under it, it is an oversight.
-- needs:      support, risk
-- over:       asset
-- when empty: met
-- revision:   1
with machine as (
  select name, kind, asset.system as serves, os, os_version,
         row_number() over (
           partition by name
           order by os is null, os_version is null, last_seen_on desc, id) as place
  from asset
  where retired_on is null or retired_on > :as_of
),
past as (
  select machine.name, machine.serves, support.ends_on,
         case when support.product is null then 'not known'
              when support.extended_until >= :as_of then 'extended'
              else 'ended' end as state
  from machine
  left join support on support.product = machine.os and support.cycle = machine.os_version
  where machine.place = 1
    and (machine.os is not null or machine.kind is null
      or machine.kind not in ('image', 'repository', 'container'))
    and (support.product is null or support.ends_on < :as_of)
),
judged as (
  select name, ends_on, state,
         (select max(accepted_until) from risk
          where risk.about in (past.name, past.serves) and accepted_by <> '') as accepted_until,
         exists (select 1 from risk
          where risk.about in (past.name, past.serves) and accepted_by <> ''
            and accepted_until is null) as undated
  from past
)
select name as subject,
       case when accepted_until >= :as_of then 'met'
            when undated or state <> 'ended' then 'unknown'
            else 'not met' end as verdict,
       name || ': ' ||
       case state when 'not known' then 'end of support not known'
                  when 'extended' then 'public support ended on ' || long_day(ends_on) ||
                    ', whether extended support is bought is not known'
                  else 'support ended on ' || long_day(ends_on) end ||
         case when accepted_until >= :as_of then ', risk accepted until ' || long_day(accepted_until)
              when undated then ', risk accepted, until when is not known'
              when accepted_until is not null then ', acceptance ended on ' || long_day(accepted_until)
              else ', no accepted risk' end as observed,
       'an accepted risk about the machine or its system, valid on the day' as rule,
       case when accepted_until >= :as_of then add_days(accepted_until, 1) end as lapses
from judged
