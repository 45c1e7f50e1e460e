-- claim:      The newest backup of everything that is backed up is encrypted, and a copy of it lies
--             elsewhere where it cannot be changed.
-- cannot see: who holds the keys, and who could lift the protection from change.
-- matters:    whoever encrypts the systems for ransom looks for the backups first.
-- needs:      backup
-- revision:   1
with copy as (
  select target, taken_on, immutable, offsite,
         case when outcome = 'succeeded' then encrypted end as encrypted,
         case when outcome = 'succeeded' then immutable and offsite end as safe,
         rank() over (partition by target order by taken_on desc) as place
  from backup
  where outcome is not 'failed'
),
newest as (
  select min(target) as target, max(taken_on) as taken_on, count(*) as copies,
         min(encrypted) as encrypted, count(encrypted) as encrypted_known,
         max(safe) as safe, count(safe) as safe_known,
         max(immutable) as immutable, max(offsite) as offsite
  from copy
  where place = 1
  group by copy.target
)
select target as subject,
       case when encrypted = 0 or (not safe and safe_known = copies) then 'not met'
            when safe and encrypted_known = copies then 'met'
            else 'unknown' end as verdict,
       target || ': newest backup taken on ' || coalesce(long_day(taken_on), 'an unknown day') || ', ' ||
         counted(copies, 'copy', 'copies') ||
         case when encrypted = 0 then ', not encrypted'
              when encrypted_known < copies then ', encryption not known'
              else ', encrypted' end ||
         case when safe and copies = 1 then ', elsewhere and unchangeable'
              when safe then ', one elsewhere and unchangeable'
              when immutable = 0 then ', can be changed'
              when offsite = 0 then ', none elsewhere'
              when safe_known < copies then ', protection not known'
              else ', none both elsewhere and unchangeable' end as observed,
       'every copy encrypted, at least one elsewhere and unchangeable' as rule
from newest
