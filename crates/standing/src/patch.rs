//! `standing patch …`: deadlines of fixes, what is late, and how a finding came to be. One file a
//! subcommand.

use rusqlite::types::Value as Sql;
use serde::Serialize;
use standing_assess::Estate;

use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::home::Home;

mod command;
mod gate;
pub(crate) mod months;
pub(crate) mod next;
mod rehearsal;
mod sarif;
pub(crate) mod show;
mod vex;

pub use command::PatchCommand;

/// Runs `standing patch …`.
///
/// # Errors
/// What the subcommand says.
pub fn patch(
    home: &Home,
    command: &PatchCommand,
    format: Format,
    global: &Global,
) -> Result<u8, Failure> {
    match command {
        PatchCommand::Next { when, of, rows } => next::next(home, when, of, *rows, format),
        PatchCommand::Months { when, of } => months::months(home, when, of, format),
        PatchCommand::Show(shown) => show::show(home, shown, format),
        PatchCommand::Vulnerability { name, when } => show::across(home, name, when, format),
        PatchCommand::Gate(gate) => gate::gate(home, gate, format, global),
        PatchCommand::Vex { when, asset, out } => {
            vex::vex(home, when, asset.as_deref(), out.as_deref())
        }
        PatchCommand::Rehearsal(rehearsal) => rehearsal::rehearsal(home, rehearsal, format),
    }
}

/// Millions of steps that one question may take.
const BUDGET: u64 = 1_000;

/// The policy that is meant where none is named.
pub(crate) const DEFAULT_POLICY: &str = "Cyber Essentials";

/// Which clocks are meant; what is not given is any.
#[derive(Clone, Debug, clap::Args)]
pub struct Of {
    /// The policy: Cyber Essentials, DSPT, KEV, or the firm's own
    #[arg(long, default_value = DEFAULT_POLICY)]
    pub policy: String,
    /// Only this asset
    #[arg(long)]
    pub asset: Option<String>,
    /// Only assets of this system
    #[arg(long)]
    pub system: Option<String>,
    /// Only assets of this team: the department of who answers for them
    #[arg(long)]
    pub team: Option<String>,
}

impl Default for Of {
    fn default() -> Self {
        Of {
            policy: DEFAULT_POLICY.into(),
            asset: None,
            system: None,
            team: None,
        }
    }
}

/// What is named must be known: nothing late of an asset that nobody lists is no good news.
///
/// # Errors
/// The name that nothing bears.
pub(crate) fn known(estate: &Estate<'_>, of: &Of) -> Result<(), Failure> {
    let named = [
        (
            "policy",
            Some(&of.policy),
            "select 1 where ?1 in ('Cyber Essentials', 'DSPT', 'KEV')
             union all select 1 from patch_policy where name = ?1",
        ),
        (
            "asset",
            of.asset.as_ref(),
            "select 1 from asset where name = ?1
             union all select 1 from component where asset = ?1",
        ),
        (
            "system",
            of.system.as_ref(),
            "select 1 from asset where system = ?1",
        ),
        (
            "team",
            of.team.as_ref(),
            "select 1 from asset where owner = ?1 collate nocase
             union all select 1 from person where department = ?1 collate nocase",
        ),
    ];
    for (what, name, sql) in named {
        let Some(name) = name else { continue };
        let answer = estate.query_with(sql, &[Sql::Text(name.clone())], BUDGET);
        if answer.map_err(Failure::integrity)?.rows.is_empty() {
            return Err(Failure::usage(format!("no {what} is called {name:?}"))
                .hint("names are compared whole; those of the policies with their capitals"));
        }
    }
    Ok(())
}

/// One clock under one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) asset: String,
    pub(crate) system: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) ecosystem: String,
    pub(crate) component: String,
    pub(crate) vulnerability: String,
    pub(crate) names: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) fixed: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) grade: String,
    pub(crate) exploited_on: Option<String>,
    pub(crate) epss: Option<i64>,
    pub(crate) published_on: Option<String>,
    pub(crate) fix_released_on: Option<String>,
    pub(crate) fix_bound: Option<String>,
    pub(crate) fix_by: Option<String>,
    pub(crate) first_seen_on: Option<String>,
    pub(crate) due_on: Option<String>,
    pub(crate) knowable_due_on: Option<String>,
    pub(crate) state: String,
    pub(crate) last_seen_on: Option<String>,
    pub(crate) mended_on: Option<String>,
    pub(crate) verdict: String,
    pub(crate) days: Option<i64>,
    pub(crate) excepted_until: Option<String>,
}

const SQL: &str = "
with held as materialized (
  select asset.name, min(asset.system) as system,
         min(coalesce(person.department, asset.owner)) as team
  from asset left join person on person.email = asset.owner
  group by asset.name collate nocase
)
select clock.asset, held.system, held.team, clock.ecosystem, clock.component, clock.vulnerability,
       clock.names, clock.version, clock.fixed, clock.severity, clock.grade, clock.exploited_on,
       clock.epss, clock.published_on, clock.fix_released_on, clock.fix_bound, clock.fix_by,
       clock.first_seen_on, clock.due_on, clock.knowable_due_on, clock.state, clock.last_seen_on,
       clock.mended_on, clock.verdict, clock.days, clock.excepted_until
from patch_clock as clock left join held on held.name = clock.asset
where clock.policy = ?1 and (?2 is null or clock.asset = ?2)
  and (?3 is null or held.system = ?3) and (?4 is null or held.team = ?4 collate nocase)
  and (?5 is null or clock.vulnerability = ?5
       or instr(' ' || lower(clock.names) || ' ', ' ' || lower(?5) || ' ') > 0)
order by clock.verdict = 'excepted', clock.due_on is null, clock.due_on, clock.exploited_on is null, coalesce(-clock.epss, 0),
         clock.asset, clock.component, clock.vulnerability";

/// The clocks that are meant, those that are due first in front.
///
/// # Errors
/// When SQLite refuses.
pub(crate) fn lines(
    estate: &Estate<'_>,
    of: &Of,
    vulnerability: Option<&str>,
) -> Result<Vec<Line>, Failure> {
    let some = |text: Option<&str>| text.map_or(Sql::Null, |text| Sql::Text(text.to_owned()));
    let values = [
        Sql::Text(of.policy.clone()),
        some(of.asset.as_deref()),
        some(of.system.as_deref()),
        some(of.team.as_deref()),
        some(vulnerability),
    ];
    let answer = estate.query_with(SQL, &values, BUDGET);
    let rows = answer.map_err(Failure::integrity)?.rows;
    Ok(rows.into_iter().map(line).collect())
}

fn line(row: Vec<Sql>) -> Line {
    let mut cells = row.into_iter();
    let mut text = || match cells.next() {
        Some(Sql::Text(text)) => Some(text),
        Some(Sql::Integer(number)) => Some(number.to_string()),
        _ => None,
    };
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    Line {
        asset: text().unwrap_or_default(),
        system: text(),
        team: text(),
        ecosystem: text().unwrap_or_default(),
        component: text().unwrap_or_default(),
        vulnerability: text().unwrap_or_default(),
        names: text(),
        version: text(),
        fixed: text(),
        severity: text(),
        grade: text().unwrap_or_default(),
        exploited_on: text(),
        epss: number(text()),
        published_on: text(),
        fix_released_on: text(),
        fix_bound: text(),
        fix_by: text(),
        first_seen_on: text(),
        due_on: text(),
        knowable_due_on: text(),
        state: text().unwrap_or_default(),
        last_seen_on: text(),
        mended_on: text(),
        verdict: text().unwrap_or_default(),
        days: number(text()),
        excepted_until: text(),
    }
}

impl Line {
    /// Whether it is still there, as far as anybody knows.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state.as_str(), "mended" | "decommissioned")
    }

    /// Whether the policy cannot tell what to ask of it.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(
            self.verdict.as_str(),
            "grade not known" | "not compared" | "fix not dated"
        )
    }

    /// Its deadline in words: `due 16 March 2026, 3 days left`.
    pub(crate) fn deadline(&self) -> String {
        let days = self.days.unwrap_or_default().unsigned_abs();
        let days = crate::text::count(days, "day");
        match (self.verdict.as_str(), &self.due_on) {
            ("open", Some(due)) if self.days == Some(0) => format!("due today, {}", long(due)),
            ("open", Some(due)) => format!("due {}, {days} left", long(due)),
            ("breached", Some(due)) => format!("was due {}, {days} over", long(due)),
            ("late", Some(due)) => format!("was due {}, mended {days} late", long(due)),
            ("met", Some(due)) => format!("was due {}, met", long(due)),
            ("between", Some(due)) => {
                format!(
                    "was due {}, mended between two readings about then",
                    long(due)
                )
            }
            ("excepted", _) => {
                let until = self
                    .excepted_until
                    .as_deref()
                    .map_or_else(String::new, long);
                format!("excepted until {until}")
            }
            ("no fix", _) => "no fix is known, so no deadline".into(),
            ("announced", _) => "a fix is announced and cannot be had yet".into(),
            ("fix not dated", _) => "a fix is known, its day is not".into(),
            ("grade not known", _) => "how grave it is, is not known".into(),
            ("not compared", _) => "not known whether it is affected".into(),
            _ => "not covered by the policy".into(),
        }
    }
}

/// `16 March 2026`, of a day as the table holds it.
pub(crate) fn long(day: &str) -> String {
    day.parse()
        .map_or_else(|_| day.to_owned(), standing_assess::long_date)
}

/// Why clocks are not completely known: one sentence a gap. What is compared with nothing is one.
pub(crate) fn gaps(estate: &Estate<'_>) -> Vec<String> {
    let mut found = match uncompared(estate) {
        Ok(uncompared) => uncompared,
        Err(failure) => vec![format!("what was compared is not known: {failure}")],
    };
    for gap in ["patch_clock", "asset"]
        .iter()
        .flat_map(|table| estate.gaps(table))
    {
        if !found.contains(&gap.detail) {
            found.push(gap.detail);
        }
    }
    found
}

/// Ecosystems of which something is installed and no advisory is held.
fn uncompared(estate: &Estate<'_>) -> Result<Vec<String>, Failure> {
    let found = estate
        .query(
            "select ecosystem, count(*) from component where ecosystem <> 'docker' group by ecosystem
             having coalesce(advised_packages(ecosystem), 0) = 0
               and not exists (select 1 from advisory where advisory.ecosystem = component.ecosystem)
             order by ecosystem",
            BUDGET,
        )
        .map_err(Failure::integrity)?;
    let told = found.rows.iter().filter_map(|row| match row.as_slice() {
        [Sql::Text(ecosystem), Sql::Integer(n)] => Some(format!(
            "{}: {}, compared with nothing: no advisory for it is held",
            if ecosystem.is_empty() {
                "of no known ecosystem"
            } else {
                ecosystem
            },
            crate::text::count(n.unsigned_abs(), "component")
        )),
        _ => None,
    });
    Ok(told.collect())
}

/// What the policies are and how sure we are of them.
pub(crate) const RULES: &str = "Cyber Essentials gives 14 calendar days from the release of a fix where the vendor \
calls it critical or high, where a CVSS 3 base score is 7.0 or more, or where the vendor gives no level; that \
CVSS 4 counts alike, and that the last day ends at midnight in London, are our own reading. The DSPT row lets a \
risk be accepted, as older guidance has it; the present wording is not confirmed. KEV counts from CISA's listing: 21 \
days, since 10 June 2026 three, the most urgent case, as exposure is not weighed.";
