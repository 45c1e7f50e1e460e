//! `standing access queue`: accounts that wait for somebody to decide whose they are.

use rusqlite::types::Value as Sql;
use serde::Serialize;
use standing_assess::{Estate, Freshness};

use crate::cli::Format;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge;
use crate::text::{self, Style, count};

/// Millions of steps that the question may take.
const BUDGET: u64 = 1_000;

/// Accounts with somebody they may belong to, and those that keep the population from reconciling,
/// whether or not anything points to somebody.
const SQL: &str = "
select account.id, account.system, account.login, account.name, account.enabled,
       candidate.person, person.name, person.email, person.left_on,
       candidate.keys, candidate.score, candidate.band, population.why
from account
left join link_candidate as candidate on candidate.account = account.id
left join person on person.id = candidate.person
left join population on population.about = 'account' and population.subject = account.id
  and population.standing = 'waiting'
where candidate.account is not null or population.subject is not null
order by max(coalesce(candidate.score, 0)) over (partition by account.id) desc, account.id,
  candidate.rank";

/// An account and those it may belong to, the likeliest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Waiting {
    pub(crate) account: String,
    pub(crate) system: String,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    enabled: Option<bool>,
    /// Why it keeps the population from reconciling, if it does.
    pub(crate) why: Option<String>,
    pub(crate) candidates: Vec<Candidate>,
}

/// Somebody whom an account may belong to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Candidate {
    pub(crate) person: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    left_on: Option<String>,
    pub(crate) keys: Vec<String>,
    score: i64,
    pub(crate) band: String,
}

impl Waiting {
    /// Whether it can sign in.
    pub(crate) fn state(&self) -> &'static str {
        match self.enabled {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "of unknown state",
        }
    }
}

impl Candidate {
    /// `left 31 December 2025`; empty for somebody who has not.
    pub(crate) fn left(&self) -> String {
        let left = self.left_on.as_deref().and_then(|d| d.parse().ok());
        left.map_or(String::new(), |d| format!("left {}", text::day(d)))
    }
}

/// Runs `standing access queue`. Exit code 1 while an account waits.
///
/// # Errors
/// When the day is none, or the index cannot be asked.
pub fn queue(home: &Home, at: Option<&str>, rows: usize, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let as_of = judge::as_of(at)?;
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[])?;
    let waiting = waiting(&estate)?;
    if format == Format::Json {
        let json = serde_json::to_value(&waiting).map_err(Failure::integrity)?;
        say!("{json:#}");
    } else {
        put!("{}", to_text(&waiting, rows, Style::stdout()));
    }
    Ok(u8::from(!waiting.is_empty()))
}

/// Every account that waits, the likeliest link first.
///
/// # Errors
/// When SQLite refuses.
pub(crate) fn waiting(estate: &Estate<'_>) -> Result<Vec<Waiting>, Failure> {
    let answer = estate.query(SQL, BUDGET).map_err(Failure::integrity)?;
    Ok(grouped(&answer.rows))
}

/// One account, whether or not it waits; `None` where no source tells of it.
///
/// # Errors
/// When SQLite refuses.
pub(crate) fn account(estate: &Estate<'_>, id: &str) -> Result<Option<Waiting>, Failure> {
    const ONE: &str = "select id, system, login, name, enabled from account where id = ?1";
    let answer = estate.query_with(ONE, &[Sql::Text(id.to_owned())], BUDGET);
    let answer = answer.map_err(Failure::integrity)?;
    Ok(grouped(&answer.rows).pop())
}

fn grouped(rows: &[Vec<Sql>]) -> Vec<Waiting> {
    let mut waiting: Vec<Waiting> = Vec::new();
    for row in rows {
        let text = |i: usize| match row.get(i) {
            Some(Sql::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let number = |i: usize| match row.get(i) {
            Some(Sql::Integer(n)) => Some(*n),
            _ => None,
        };
        let account = text(0).unwrap_or_default();
        if waiting.last().is_none_or(|w| w.account != account) {
            waiting.push(Waiting {
                account,
                system: text(1).unwrap_or_default(),
                login: text(2).unwrap_or_default(),
                name: text(3),
                enabled: number(4).map(|n| n != 0),
                why: text(12),
                candidates: Vec::new(),
            });
        }
        let Some(person) = text(5) else { continue };
        let candidate = Candidate {
            person,
            name: text(6),
            email: text(7),
            left_on: text(8),
            keys: text(9)
                .unwrap_or_default()
                .split('+')
                .map(str::to_owned)
                .collect(),
            score: number(10).unwrap_or_default(),
            band: text(11).unwrap_or_default(),
        };
        if let Some(last) = waiting.last_mut() {
            last.candidates.push(candidate);
        }
    }
    waiting
}

fn to_text(waiting: &[Waiting], rows: usize, style: Style) -> String {
    if waiting.is_empty() {
        return "No account waits for a decision.\n".into();
    }
    let mut out = format!(
        "{} for somebody to decide whose they are.\n",
        match waiting.len() {
            1 => "1 account waits".to_owned(),
            n => format!("{} wait", count(n as u64, "account")),
        }
    );
    for one in waiting.iter().take(rows) {
        let name = one.name.as_deref().unwrap_or("no name");
        let heading = text::plain(&format!(
            "{} in {} ({name}), {}",
            one.login,
            one.system,
            one.state()
        ));
        out.push_str(&format!("\n  {}\n", style.strong(&heading)));
        out.push_str(&format!("  {}\n", style.faint(&text::plain(&one.account))));
        if one.candidates.is_empty() {
            let why = one.why.as_deref().unwrap_or("nothing points to anybody");
            out.push_str(&format!("  no candidate: {}\n", text::plain(why)));
        }
        let lines: Vec<Vec<String>> = one.candidates.iter().map(|c| line(c, style)).collect();
        out.push_str(&text::table(&lines));
    }
    if waiting.len() > rows {
        let more = count((waiting.len() - rows) as u64, "more account");
        out.push_str(&format!("\n  and {more}: --rows shows them\n"));
    }
    out
}

fn line(candidate: &Candidate, style: Style) -> Vec<String> {
    let who = candidate.name.as_deref().unwrap_or("no name");
    vec![
        candidate.band.clone(),
        who.to_owned(),
        candidate.email.clone().unwrap_or_default(),
        candidate.left(),
        candidate.keys.join(", "),
        style.faint(&candidate.person),
    ]
}
