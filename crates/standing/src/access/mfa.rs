//! `standing access mfa`: which accounts use a second factor, by which rule, on which evidence.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use standing_assess::Estate;
use standing_assess::check::Verdict;
use standing_assess::population::Population;

use super::{Cells, ask, gaps, population, wanted};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, number};

/// One account in its system.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cell {
    account: String,
    pub(crate) system: String,
    pub(crate) login: String,
    person: Option<String>,
    privileged: Option<bool>,
    remote: Option<bool>,
    external: Option<bool>,
    personal_data: Option<bool>,
    nhs: Option<String>,
    cyber_essentials: Option<bool>,
    pub(crate) answer: Option<bool>,
    basis: Option<String>,
    phishing_resistant: Option<bool>,
    exception_by: Option<String>,
    exception_until: Option<String>,
}

/// How far one kind of access is covered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Coverage {
    /// `remote`, `administrators`, `personal_data`, `cloud`.
    of: &'static str,
    /// The same in words.
    #[serde(skip)]
    pub(crate) name: &'static str,
    /// Accounts that it is about.
    pub(crate) accounts: u64,
    pub(crate) yes: u64,
    no: u64,
    pub(crate) unknown: u64,
    /// Of those without a known second factor, how many an approved exception lets pass today.
    pub(crate) excepted: u64,
    /// Of those that have one, how many rest on what the system enforces or was seen to demand.
    pub(crate) enforced_or_observed: u64,
    /// Of those that have one, how many have nothing that can be phished.
    pub(crate) phishing_resistant: u64,
    /// Accounts of which it is not known whether it is about them.
    pub(crate) perhaps: u64,
    /// In tenths of a per cent; null while the population does not reconcile or anything is not known.
    pub(crate) per_mille: Option<u64>,
}

/// What is known of second factors as of a moment.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) cells: Vec<Cell>,
    pub(crate) people: Population,
    pub(crate) gaps: Vec<String>,
    pub(crate) coverage: [Coverage; 4],
}

type Belongs = fn(&Cell) -> Option<bool>;

/// Name, in words, and which accounts belong.
const KINDS: [(&str, &str, Belongs); 4] = [
    ("remote", "Remote access", |c| c.remote),
    ("administrators", "Administrators' access", |c| c.privileged),
    ("personal_data", "Systems that process personal data", |c| {
        c.personal_data
    }),
    ("cloud", "Cloud services that offer it", |c| {
        c.cyber_essentials
    }),
];

const SQL: &str = "
select mfa_cell.account, mfa_cell.system, account.login, mfa_cell.person, mfa_cell.privileged,
       mfa_cell.remote, mfa_cell.external, mfa_cell.personal_data, mfa_cell.nhs,
       mfa_cell.cyber_essentials, mfa_cell.answer, mfa_cell.basis, mfa_cell.phishing_resistant,
       mfa_cell.exception_by, mfa_cell.exception_until
from mfa_cell join account on account.id = mfa_cell.account
where ?1 is null or mfa_cell.system = ?1
order by mfa_cell.system, account.login, mfa_cell.account";

/// What the rules are and how sure we are of them.
pub(crate) const RULES: &str = "By the NHS policy on multi-factor authentication remote access must use it, and \
so must administrators of systems hosted elsewhere; other administrators should; its text binds NHS \
bodies, and suppliers meet it through the toolkit and their contracts. Cyber Essentials asks it of \
every user of a cloud service that offers it; that the lack of it fails the assessment outright since \
version 3.3 is known to us from third parties only.";

/// Runs the command. Exit code 0 if nothing that a rule asks for is missing, 1 if it is, 2 if it is not
/// known.
///
/// # Errors
/// When it could not tell.
pub fn mfa(
    home: &Home,
    when: &When,
    system: Option<&str>,
    rows: usize,
    format: Format,
) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    let Found {
        cells,
        people,
        gaps,
        coverage,
    } = found(&estate, system)?;
    match format {
        Format::Json => say!(
            "{:#}",
            json!({
                "as_of": terms.as_of.date,
                "population": {"people": people.people, "reconciles": people.reconciles,
                    "doubt": people.doubt()},
                "gaps": gaps,
                "coverage": coverage,
                "accounts": cells,
                "rules": RULES,
            })
        ),
        Format::Text => put!(
            "{}",
            Page {
                as_of: terms.as_of.date,
                cells: &cells,
                people: &people,
                gaps: &gaps,
                coverage: &coverage,
                rows,
                style: Style::stdout(),
            }
            .text()
        ),
    }
    let bound: Vec<&Cell> = cells.iter().filter(|c| must(c) && !excepted(c)).collect();
    let missing = bound.iter().any(|c| c.answer == Some(false));
    let unknown = !gaps.is_empty()
        || bound.iter().any(|c| c.answer.is_none())
        || cells
            .iter()
            .any(|c| c.nhs.is_none() && c.answer != Some(true));
    Ok(match (missing, unknown) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    })
}

/// What is known of the accounts of one system, or of all.
///
/// # Errors
/// When SQLite refuses.
pub(crate) fn found(estate: &Estate<'_>, system: Option<&str>) -> Result<Found, Failure> {
    let cells: Vec<Cell> = ask(estate, SQL, &[wanted(system)])?
        .iter()
        .map(|row| read(&Cells(row)))
        .collect();
    let people = Population::of(estate).map_err(Failure::integrity)?;
    let gaps = gaps(estate, &["mfa_cell", "system"]);
    let settled = people.reconciles && gaps.is_empty();
    Ok(Found {
        coverage: KINDS.map(|kind| coverage(kind, &cells, settled)),
        cells,
        people,
        gaps,
    })
}

fn read(row: &Cells<'_>) -> Cell {
    Cell {
        account: row.word(0),
        system: row.word(1),
        login: row.word(2),
        person: row.text(3),
        privileged: row.truth(4),
        remote: row.truth(5),
        external: row.truth(6),
        personal_data: row.truth(7),
        nhs: row.text(8),
        cyber_essentials: row.truth(9),
        answer: row.truth(10),
        basis: row.text(11),
        phishing_resistant: row.truth(12),
        exception_by: row.text(13),
        exception_until: row.text(14),
    }
}

/// Whether a rule demands a second factor of the account.
fn must(cell: &Cell) -> bool {
    cell.nhs.as_deref() == Some("must") || cell.cyber_essentials == Some(true)
}

fn excepted(cell: &Cell) -> bool {
    cell.exception_until.is_some()
}

fn coverage(
    (of, name, belongs): (&'static str, &'static str, Belongs),
    cells: &[Cell],
    settled: bool,
) -> Coverage {
    let count = |keep: &dyn Fn(&Cell) -> bool| {
        let kept = cells.iter().filter(|c| belongs(c) == Some(true) && keep(c));
        kept.count() as u64
    };
    let yes = |c: &Cell| c.answer == Some(true);
    let accounts = count(&|_| true);
    let unknown = count(&|c| c.answer.is_none());
    let perhaps = cells.iter().filter(|c| belongs(c).is_none()).count() as u64;
    let whole = settled && unknown == 0 && perhaps == 0 && accounts > 0;
    Coverage {
        of,
        name,
        accounts,
        yes: count(&yes),
        no: count(&|c| c.answer == Some(false)),
        unknown,
        excepted: count(&|c| !yes(c) && excepted(c)),
        enforced_or_observed: count(&|c| {
            yes(c) && matches!(c.basis.as_deref(), Some("enforced" | "observed"))
        }),
        phishing_resistant: count(&|c| yes(c) && c.phishing_resistant == Some(true)),
        perhaps,
        per_mille: whole.then(|| 1_000 * count(&yes) / accounts),
    }
}

impl Coverage {
    /// How it stands, where the tables under it are whole or not.
    pub(crate) fn verdict(&self, whole: bool) -> Verdict {
        match (self.no > self.excepted, self.unknown + self.perhaps) {
            _ if self.accounts + self.perhaps == 0 => Verdict::NotApplicable,
            (true, _) => Verdict::NotMet,
            (false, 0) if whole => Verdict::Met,
            _ => Verdict::Unknown,
        }
    }

    /// `97.5 %`; `None` where no percentage is known.
    pub(crate) fn percent(&self) -> Option<String> {
        self.per_mille.map(|n| format!("{}.{} %", n / 10, n % 10))
    }
}

struct Page<'a> {
    as_of: Date,
    cells: &'a [Cell],
    people: &'a Population,
    gaps: &'a [String],
    coverage: &'a [Coverage],
    rows: usize,
    style: Style,
}

impl Page<'_> {
    fn text(&self) -> String {
        let style = self.style;
        let title = format!("Second factors, as of {}", text::day(self.as_of));
        let mut out = format!(
            "{}\n{}\n",
            style.strong(&title),
            population::headline(self.people, style)
        );
        for gap in self.gaps {
            let _ = writeln!(out, "? {}", style.fold(2, gap));
        }
        for coverage in self.coverage {
            out.push_str(&self.covered(coverage));
        }
        self.without(&mut out);
        let _ = writeln!(out, "\n{} {}", style.faint("note:"), style.fold(6, RULES));
        out
    }

    fn covered(&self, c: &Coverage) -> String {
        let verdict = c.verdict(self.gaps.is_empty());
        let percent = match c.percent() {
            Some(percent) => format!(" ({percent})"),
            None if c.accounts > 0 => " (no percentage is known)".into(),
            None => String::new(),
        };
        let mut said = format!(
            "{}: {} of {} accounts{percent}",
            c.name,
            number(c.yes),
            number(c.accounts)
        );
        for (n, what) in [
            (c.unknown, "not known"),
            (c.excepted, "let pass by an approved exception"),
            (
                c.perhaps,
                "of which the registers do not say whether they belong here",
            ),
        ] {
            if n > 0 {
                let _ = write!(said, ", {} {what}", number(n));
            }
        }
        if c.yes > 0 {
            let _ = write!(
                said,
                "; of the {}, {} enforced or observed, {} that cannot be phished",
                number(c.yes),
                number(c.enforced_or_observed),
                number(c.phishing_resistant)
            );
        }
        format!(
            "{} {}\n",
            self.style.shape(verdict),
            self.style.fold(2, &said)
        )
    }

    fn without(&self, out: &mut String) {
        let bare: Vec<&Cell> = self
            .cells
            .iter()
            .filter(|c| c.answer != Some(true))
            .collect();
        if bare.is_empty() {
            return;
        }
        let heading = "Without a known second factor";
        let _ = writeln!(out, "\n{}", self.style.strong(heading));
        let lines: Vec<Vec<String>> = bare.iter().take(self.rows).map(|c| line(c)).collect();
        out.push_str(&text::table(&lines));
        if bare.len() > self.rows {
            let more = number((bare.len() - self.rows) as u64);
            let _ = writeln!(out, "  and {more} more: --rows shows them");
        }
    }
}

impl Cell {
    /// Which rules bind it.
    pub(crate) fn rules(&self) -> String {
        let mut rules = vec![match self.nhs.as_deref() {
            Some("must") => "NHS: must",
            Some("should") => "NHS: should",
            Some(_) => "NHS: not asked",
            None => "NHS: not known",
        }];
        match self.cyber_essentials {
            Some(true) => rules.push("Cyber Essentials: every user"),
            Some(false) => {}
            None => rules.push("Cyber Essentials: not known"),
        }
        rules.join("; ")
    }

    /// Whether it has a second factor, where it is not known to have one.
    pub(crate) fn lacks(&self) -> &'static str {
        match self.answer {
            Some(false) => "no",
            _ => "not known",
        }
    }

    /// Who lets it pass until when; empty where nobody does.
    pub(crate) fn exception(&self) -> String {
        match (&self.exception_by, &self.exception_until) {
            (Some(by), Some(until)) => {
                let until = until.parse().map_or_else(|_| until.clone(), text::day);
                format!("exception approved by {by} until {until}")
            }
            _ => String::new(),
        }
    }

    /// Whether it makes an administrator.
    pub(crate) fn administers(&self) -> bool {
        self.privileged == Some(true)
    }
}

fn line(cell: &Cell) -> Vec<String> {
    let admin = match cell.administers() {
        true => ", administrator",
        false => "",
    };
    vec![
        text::plain(&format!("{} in {}{admin}", cell.login, cell.system)),
        cell.lacks().into(),
        cell.rules(),
        text::plain(&cell.exception()),
    ]
}
