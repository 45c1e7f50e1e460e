-- claim:      No document holds a placeholder, an unfilled template or an empty table.
-- cannot see: gaps that look like prose, and documents that could not be read as text.
-- matters:    one placeholder tells a reader that nobody has read the rest.
-- needs:      document_fault
-- over:       document
-- revision:   1
with fault as (
  select document_fault.document, document_fault.rule, document_fault.line, document_fault.found,
         count(*) over (partition by document_fault.document) as faults,
         row_number() over (
           partition by document_fault.document
           order by document_fault.line, document_fault."column", document_fault.rule) as place
  from document_fault
), first_fault as materialized (
  select fault.document, fault.rule, fault.line, fault.found, fault.faults
  from fault
  where fault.place = 1
)
select document.id as subject,
       case when first_fault.faults > 0 then 'not met' else 'met' end as verdict,
       document.id || ': ' ||
         case when first_fault.faults > 0
              then counted(first_fault.faults, 'mark') || ' of an unfinished document' ||
                case when first_fault.faults > 1 then ' (the first: ' else ' (' end ||
                first_fault.rule || coalesce(' ' || first_fault.found, '') || ' on line ' ||
                first_fault.line || ')'
              else 'no mark of an unfinished document in ' || counted(document.words, 'word')
              end as observed,
       'no placeholders, template variables, empty tables or unreadable dates' as rule
from document
left join first_fault on first_fault.document = document.id
