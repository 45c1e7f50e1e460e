//! `standing access roles propose`: a first file of roles, from what is there.

use std::collections::BTreeSet;

use super::{Cells, ask};
use crate::cli::When;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::serve::csv;

/// Rights that more than half of a role's people hold. Everybody comes first, then departments, then
/// job titles, so that what is proposed above is not repeated below.
const SQL: &str = "
with here as materialized (
  select person.id, trim(person.job_title) as title, trim(person.department) as department
  from person
  where coalesce(person.started_on, ?1) <= ?1 and coalesce(person.left_on, ?1) >= ?1
), place as materialized (
  select id, 0 as level, '*' as role, '' as within from here
  union all select id, 1, department, '' from here where department <> ''
  union all
  select id, 2, title,
         case when min(department) over same = max(department) over same then department end
  from here where title <> '' window same as (partition by title)
), size as materialized (
  select level, role, count(*) as people from place group by level, role
), held as (
  select place.level, place.role, max(place.within) as within, grant.system, grant.resource,
         grant.entitlement, count(distinct place.id) as holders
  from place
  join link on link.person = place.id
  join account on account.id = link.account and coalesce(account.enabled, 1) = 1
  join grant on grant.account = account.id
  group by place.level, place.role, grant.system, grant.resource, grant.entitlement
)
select held.level, held.role, held.within, held.system, held.resource, held.entitlement,
       held.holders, size.people
from held join size on size.level = held.level and size.role = held.role
where size.people >= 2 and 2 * held.holders > size.people
order by held.level, held.role, held.system, held.resource, held.entitlement";

/// Runs the command. Exit code 0.
///
/// # Errors
/// When the facts are not there, or it could not tell.
pub fn propose(home: &Home, when: &When) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    for table in ["person", "account", "grant"] {
        if let Some(gap) = estate.gaps(table).first() {
            eprintln!("note: {}", crate::text::plain(&gap.detail));
        }
    }
    let today = rusqlite::types::Value::Text(terms.as_of.date.to_string());
    let rows = ask(&estate, SQL, &[today])?;
    let heads = [
        "Role",
        "System",
        "Resource",
        "Entitlement",
        "Of",
        "Holders",
        "People",
    ];
    put!("{}\r\n", heads.join(","));
    let mut above: BTreeSet<(String, [String; 3])> = BTreeSet::new();
    for row in &rows {
        let row = Cells(row);
        let (role, within) = (row.word(1), row.word(2));
        let right = [3, 4, 5].map(|at| row.word(at));
        let has = |role: &str| above.contains(&(role.to_owned(), right.clone()));
        if role != "*" && (has("*") || has(&within)) {
            continue;
        }
        let of = match row.number(0) {
            Some(0) => "everybody",
            Some(1) => "department",
            _ => "job title",
        };
        let cells: Vec<String> = [role.as_str()]
            .into_iter()
            .chain(right.iter().map(String::as_str))
            .chain([of])
            .map(csv::cell)
            .chain([row.count(6).to_string(), row.count(7).to_string()])
            .collect();
        put!("{}\r\n", cells.join(","));
        above.insert((role, right));
    }
    Ok(0)
}
