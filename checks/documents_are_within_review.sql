-- claim:      No document is past the day by which it must be reviewed.
-- cannot see: documents that state no review date, and whether a review changed more than the date.
-- matters:    a document past its own date tells a reader that nobody keeps it.
-- over:       document
-- revision:   1
select document.id as subject,
       case when document.review_by >= :as_of then 'met' else 'not met' end as verdict,
       document.id || ': review due by ' || long_day(document.review_by) ||
         case when document.review_by < :as_of
              then ', ' || counted(days_between(document.review_by, :as_of), 'day') || ' ago'
              else '' end as observed,
       'reviewed by the day that the document states' as rule,
       add_days(document.review_by, 1) as lapses
from document
where document.review_by is not null
