-- claim:      The firm's main risks are written down, each with an owner and a treatment, and were
--             looked at within 12 months.
-- cannot see: whether they are the right risks, and whether the treatment is carried out.
-- matters:    a firm that names its main risks can decide what to do about them.
-- needs:      risk
-- parameter:  least = 3
-- parameter:  months = 12
-- revision:   1
with kept as (
  select level, reviewed_on
  from risk
  where trim(treatment) <> '' and trim(owner) <> ''
    and (level is null or level in ('high', 'medium'))
    and (reviewed_on is null or add_months(reviewed_on, :months) >= :as_of)
),
sure as (
  select reviewed_on, row_number() over (order by reviewed_on desc) as place
  from kept
  where level is not null and reviewed_on is not null
),
counted as (
  select (select count(*) from sure) as sure, (select count(*) from kept) as perhaps,
         (select reviewed_on from sure where place = :least) as reviewed_on
)
select 'risk register' as subject,
       case when sure >= :least then 'met'
            when perhaps >= :least then 'unknown'
            else 'not met' end as verdict,
       'risk register: ' || counted(sure, 'high or medium risk') ||
         ' with owner, treatment and review' ||
         case when perhaps > sure then ', ' || (perhaps - sure) || ' more of unknown level or review'
              else '' end as observed,
       'at least ' || :least || ', reviewed within ' || counted(:months, 'month') as rule,
       case when sure >= :least
            then add_days(add_months(reviewed_on, :months), 1) end as lapses
from counted
