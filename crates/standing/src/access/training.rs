//! `standing access training`: who has had the training that the role needs, on the day judged and on
//! the day of publication if nobody trains until then.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use standing_assess::check::{CheckResult, Verdict};
use standing_assess::population::Population;
use standing_assess::{AsOf, Estate, Freshness};

use super::{Cells, ask, gaps, population};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, number};

/// The check that carries the one percentage.
const PERCENTAGE: &str = "training_reaches_its_threshold";

/// One course of one role.
#[derive(Debug, Serialize)]
struct Need {
    role: String,
    course: String,
    /// People who need it.
    people: u64,
    in_time: u64,
    late: u64,
    /// Passed on a day that is not told.
    unknown: u64,
    /// New, with time left.
    to_come: u64,
}

/// Somebody who is late.
#[derive(Debug, Serialize)]
struct Late {
    person: String,
    who: String,
    role: String,
    course: String,
    completed_on: Option<String>,
}

/// What can be said as of one day.
#[derive(Debug, Serialize)]
struct Report {
    on: Date,
    population: Option<u64>,
    doubt: Option<String>,
    /// Verdict and words on the one percentage.
    percentage: String,
    says: String,
    needs: Vec<Need>,
    late: Vec<Late>,
    gaps: Vec<String>,
}

/// Everybody's courses are told by department.
const DUE: &str = "
with due as (
  select training_due.*, population.department,
         coalesce(population.email, population.employee_number, population.subject) as who,
         case when training_due.role = '*'
              then coalesce(nullif(trim(population.department), ''), 'no department')
              else training_due.role end as place,
         coalesce(training_due.first_by, add_days(population.from_on, 30)) as by_on
  from training_due
  join population on population.subject = training_due.person and population.standing = 'counted'
), judged as (
  select due.*,
         case when completed_on is not null and coalesce(until_on, ?1) >= ?1 then 'in time'
              when undated then 'unknown'
              when completed_on is null and by_on >= ?1 then 'to come'
              else 'late' end as state
  from due
)";

/// Runs the command. Exit code 0 if the percentage is reached and nobody is late, 1 if not, 2 if it is
/// not known.
///
/// # Errors
/// When it could not tell.
pub fn training(home: &Home, when: &When, rows: usize, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let (today, people) = {
        let estate = terms.estate(&mut index)?;
        let people = Population::of(&estate).map_err(Failure::integrity)?;
        (report(&terms, &estate, &people)?, people)
    };
    let then = {
        let estate = Estate::new(
            &mut index,
            AsOf::end_of(terms.publish_on),
            Freshness::KeepsBeingRead {
                since: terms.as_of.date,
            },
            &terms.catalogue.support,
        )?;
        let people = Population::of(&estate).map_err(Failure::integrity)?;
        report(&terms, &estate, &people)?
    };
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": today.on, "publish_on": then.on, "today": today, "on_publication": then})
        ),
        Format::Text => put!("{}", to_text(&today, &then, &people, rows, Style::stdout())),
    }
    let late = today.needs.iter().any(|n| n.late > 0);
    Ok(match today.percentage.as_str() {
        _ if late => 1,
        "not met" => 1,
        "met" if today.gaps.is_empty() => 0,
        _ => 2,
    })
}

fn report(terms: &Terms, estate: &Estate<'_>, people: &Population) -> Result<Report, Failure> {
    let day = rusqlite::types::Value::Text(estate.as_of.date.to_string());
    let needs = format!(
        "{DUE} select place, course, count(*), sum(state = 'in time'), sum(state = 'late'),
           sum(state = 'unknown'), sum(state = 'to come')
         from judged group by place, course order by place, course"
    );
    let late = format!(
        "{DUE} select person, who, place, course, completed_on from judged where state = 'late'
         order by completed_on, who, course"
    );
    let check = terms.checks.iter().find(|c| c.name == PERCENTAGE);
    let result = check.map(|c| c.run(estate));
    let needs = ask(estate, &needs, std::slice::from_ref(&day))?;
    let late = ask(estate, &late, std::slice::from_ref(&day))?;
    Ok(Report {
        on: estate.as_of.date,
        population: people.denominator(),
        doubt: people.doubt(),
        percentage: result
            .as_ref()
            .map_or(Verdict::Unknown, |r| r.verdict)
            .to_string(),
        says: result.as_ref().map_or_else(String::new, says),
        needs: needs.iter().map(|row| need(&Cells(row))).collect(),
        late: late.iter().map(|row| somebody(&Cells(row))).collect(),
        gaps: gaps(
            estate,
            &["training_need", "training_completion", "population"],
        ),
    })
}

fn says(result: &CheckResult) -> String {
    match (result.subjects.first(), result.gaps.first()) {
        (Some(one), _) => format!("{}; {}", one.observed, one.rule),
        (None, Some(gap)) => gap.detail.clone(),
        (None, None) => "nobody is counted".into(),
    }
}

fn need(row: &Cells<'_>) -> Need {
    Need {
        role: row.word(0),
        course: row.word(1),
        people: row.count(2),
        in_time: row.count(3),
        late: row.count(4),
        unknown: row.count(5),
        to_come: row.count(6),
    }
}

fn somebody(row: &Cells<'_>) -> Late {
    Late {
        person: row.word(0),
        who: row.word(1),
        role: row.word(2),
        course: row.word(3),
        completed_on: row.text(4),
    }
}

fn to_text(
    today: &Report,
    then: &Report,
    people: &Population,
    rows: usize,
    style: Style,
) -> String {
    let mut out = format!(
        "{}\n{}\n",
        style.strong(&format!("Training, as of {}", text::day(today.on))),
        population::headline(people, style)
    );
    for gap in &today.gaps {
        let _ = writeln!(out, "? {}", style.fold(2, gap));
    }
    out.push_str(&percentage("Today", today, style));
    if then.on != today.on {
        let heading = format!(
            "On the day of publication, {}, if nobody trains until then",
            text::day(then.on)
        );
        out.push_str(&percentage(&heading, then, style));
    }
    by_role(&mut out, today, then, style);
    late(&mut out, today, rows, style);
    out
}

fn percentage(heading: &str, report: &Report, style: Style) -> String {
    let verdict = Verdict::parse(&report.percentage).unwrap_or(Verdict::Unknown);
    let said = format!("{heading}: {}", report.says);
    format!("{} {}\n", style.shape(verdict), style.fold(2, &said))
}

fn by_role(out: &mut String, today: &Report, then: &Report, style: Style) {
    let _ = writeln!(out, "\n{}", style.strong("By role"));
    if today.needs.is_empty() {
        let how = "Nobody has said which role needs which course. Keep a file with the columns Role, \
            Course, Months and Within days, and have it read: `standing source add training-needs --kind \
            register --path FILE --set table=training_need`.";
        let _ = writeln!(out, "  {}", style.fold(2, how));
        return;
    }
    let heads = [
        "role",
        "course",
        "people",
        "in time",
        "late",
        "not known",
        "new",
        "late by publication",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for need in &today.needs {
        let by_then = then
            .needs
            .iter()
            .find(|n| n.role == need.role && n.course == need.course);
        let mut cells = vec![text::plain(&need.role), text::plain(&need.course)];
        let numbers = [
            need.people,
            need.in_time,
            need.late,
            need.unknown,
            need.to_come,
        ];
        cells.extend(numbers.map(number));
        cells.push(by_then.map_or_else(String::new, |n| {
            format!("{} of {}", number(n.late), number(n.people))
        }));
        rows.push(cells);
    }
    out.push_str(&text::table(&rows));
}

fn late(out: &mut String, today: &Report, rows: usize, style: Style) {
    if today.late.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("Late"));
    let lines: Vec<Vec<String>> = today
        .late
        .iter()
        .take(rows)
        .map(|one| {
            let last = one.completed_on.as_deref().and_then(|d| d.parse().ok());
            vec![
                text::plain(&one.who),
                text::plain(&one.course),
                last.map_or_else(
                    || "nothing completed".into(),
                    |day| format!("last completed on {}", text::day(day)),
                ),
            ]
        })
        .collect();
    out.push_str(&text::table(&lines));
    if today.late.len() > rows {
        let more = number((today.late.len() - rows) as u64);
        let _ = writeln!(out, "  and {more} more: --rows shows them");
    }
}
