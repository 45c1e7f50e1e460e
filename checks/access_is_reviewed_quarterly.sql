-- claim:      Who can get into each system was reviewed within the quarter, and what was to go is gone.
-- cannot see: accounts that no source reads; and whether a reviewer looked before answering, of which
--             the report of the campaign gives the signs.
-- matters:    rights gather by themselves; none goes unless somebody looks and somebody proves it gone.
-- needs:      access_review
-- over:       account
-- parameter:  every_days = 100
-- revision:   1
with held as materialized (
  select account.system, count(*) as accounts
  from account
  where coalesce(account.enabled, 1) = 1
  group by account.system
), placed as materialized (
  select access_review.system, campaign, opened_on, finished_on, complete, rows, reviewed, removals,
         proven, excepted, came_back,
         row_number() over (partition by access_review.system
           order by opened_on desc, campaign desc) as latest,
         row_number() over (partition by access_review.system
           order by finished_on is null, finished_on desc, campaign desc) as best
  from access_review
), judged as (
  select held.system, held.accounts, best.campaign as reviewed_in, best.finished_on, best.complete,
         last.campaign, last.opened_on, last.rows, last.reviewed, last.removals, last.proven,
         last.excepted, coalesce(last.came_back, 0) as came_back,
         coalesce(days_between(best.finished_on, :as_of) <= :every_days, 0) as in_time
  from held
  left join placed as last on last.system = held.system and last.latest = 1
  left join placed as best on best.system = held.system and best.best = 1
)
select judged.system as subject,
       case when campaign is null or came_back > 0 or not in_time then 'not met'
            when not complete then 'unknown'
            else 'met' end as verdict,
       judged.system || ', ' || counted(accounts, 'account') || ': ' ||
         case when campaign is null then 'never reviewed'
              when finished_on is not null
                then 'reviewed and proven on ' || long_day(finished_on) || ' in ' || reviewed_in ||
                  case when complete then '' else ', on a population not completely known' end
              else 'no review was finished' end ||
         case when finished_on is null or campaign <> reviewed_in
                then coalesce('; ' || campaign || ' of ' || long_day(opened_on) || ': ' || reviewed ||
                  ' of ' || counted(rows, 'row') || ' reviewed, ' || proven || ' of ' ||
                  counted(removals, 'removal') || ' proven gone' ||
                  case when excepted > 0 then ', ' || excepted || ' excepted' else '' end, '')
              else '' end ||
         case when came_back > 0 then '; ' || came_back || ' came back' else '' end as observed,
       'every row decided and every removal proven gone or excepted within ' ||
         counted(:every_days, 'day') as rule,
       case when in_time and came_back = 0 then add_days(finished_on, :every_days + 1) end as lapses
from judged
