//! `standing access population`: how many people, and what stands in the way of saying so.

use std::fmt::Write as _;

use standing_assess::check::Verdict;
use standing_assess::population::{Population, Somebody};

use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count, number};

/// Runs the command. Exit code 0 if the population reconciles, 1 if it does not, 2 if it is not
/// known.
///
/// # Errors
/// When it could not tell.
pub fn population(home: &Home, when: &When, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    let found = Population::of(&estate).map_err(Failure::integrity)?;
    match format {
        Format::Json => {
            let json = serde_json::to_value(&found).map_err(Failure::integrity)?;
            say!("{json:#}");
        }
        Format::Text => put!("{}", to_text(&found, Style::stdout())),
    }
    Ok(match (found.reconciles, found.waiting.is_empty()) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    })
}

/// One line that names the denominator, or says why there is none.
pub fn headline(found: &Population, style: Style) -> String {
    match found.doubt() {
        None => format!(
            "{} {}",
            style.shape(Verdict::Met),
            style.fold(
                2,
                &format!(
                    "It reconciles: every percentage of people has these {} under it.",
                    number(found.people)
                )
            )
        ),
        Some(doubt) => format!(
            "{} {}",
            style.shape(match found.waiting.is_empty() {
                true => Verdict::Unknown,
                false => Verdict::NotMet,
            }),
            style.fold(2, &format!("No percentage of people is known: {doubt}."))
        ),
    }
}

fn to_text(found: &Population, style: Style) -> String {
    let people = match found.people {
        1 => "1 person".to_owned(),
        n => format!("{} people", number(n)),
    };
    let title = format!("Population on {}: {people}", text::day(found.as_of));
    let mut out = format!("{}\n", style.strong(&title));
    let outside = match found.from_outside {
        0 => String::new(),
        n => format!(
            ", and {} from outside with access, for whom somebody answers",
            number(n)
        ),
    };
    let listed = number(found.people - found.from_outside);
    let from = format!("{listed} from the lists of people{outside}");
    let _ = writeln!(
        out,
        "  {}\n{}",
        style.fold(2, &from),
        headline(found, style)
    );
    in_the_way(&mut out, found, style);
    lists(&mut out, found, style);
    systems(&mut out, found, style);
    apart(&mut out, found, style);
    out
}

fn in_the_way(out: &mut String, found: &Population, style: Style) {
    for gap in &found.gaps {
        let _ = writeln!(out, "    {}", style.fold(4, &gap.detail));
    }
    if found.waiting.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("In the way"));
    for one in &found.waiting {
        let _ = writeln!(out, "  {}", style.fold(2, &one.why));
        let _ = writeln!(out, "  {}", style.faint(&text::plain(&one.subject)));
    }
    let what = "Link each account to a person, or say what kind it is and who answers for it, or close \
        it: `standing access queue` shows whose it may be. Two lists that contradict each other are put \
        right where they are kept.";
    let _ = writeln!(out, "  → {}", style.fold(4, what));
}

fn lists(out: &mut String, found: &Population, style: Style) {
    if found.lists.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("Lists of people"));
    let heads = [
        "source",
        "rows",
        "counted",
        "left",
        "to come",
        "double",
        "not settled",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for list in &found.lists {
        let numbers = [
            list.listed,
            list.counted,
            list.left,
            list.to_come,
            list.double,
            list.waiting,
        ];
        rows.push(line(&list.source, &numbers));
    }
    out.push_str(&text::table(&rows));
}

fn systems(out: &mut String, found: &Population, style: Style) {
    if found.systems.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.strong("Accounts that can sign in"));
    let heads = [
        "system",
        "accounts",
        "of people listed",
        "of leavers",
        "from outside",
        "special",
        "without owner",
        "not settled",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for system in &found.systems {
        let numbers = [
            system.accounts,
            system.linked,
            system.of_leavers,
            system.from_outside,
            system.special,
            system.special_without_owner,
            system.waiting,
        ];
        rows.push(line(&system.system, &numbers));
    }
    out.push_str(&text::table(&rows));
}

fn line(name: &str, numbers: &[u64]) -> Vec<String> {
    let mut cells = vec![text::plain(name)];
    cells.extend(numbers.iter().map(|n| number(*n)));
    cells
}

fn apart(out: &mut String, found: &Population, style: Style) {
    const SHOWN: usize = 8;
    let mut said = Vec::new();
    let without = &found.without_access;
    if !without.is_empty() {
        let who = |s: &Somebody| s.who.clone().unwrap_or_else(|| s.person.clone());
        let names: Vec<String> = without.iter().take(SHOWN).map(who).collect();
        said.push(format!(
            "{} counted without an account that is read: {}",
            people(without.len()),
            named(&names, without.len())
        ));
    }
    for (table, what) in [
        ("training_completion", "has completed training"),
        ("agreement", "has signed an agreement"),
    ] {
        let all: Vec<&str> = found
            .strangers
            .iter()
            .filter(|s| s.table == table)
            .map(|s| s.who.as_str())
            .collect();
        if !all.is_empty() {
            let names: Vec<String> = all.iter().take(SHOWN).map(|n| (*n).to_owned()).collect();
            said.push(format!(
                "{} whom no list and no account names, and who {what}: {}",
                people(all.len()),
                named(&names, all.len())
            ));
        }
    }
    if !said.is_empty() {
        let heading = "In one list and not in another";
        let _ = writeln!(out, "\n{}", style.strong(heading));
    }
    for sentence in said {
        let _ = writeln!(out, "  {}", style.fold(2, &sentence));
    }
}

fn people(n: usize) -> String {
    match n {
        1 => "1 person".into(),
        n => format!("{} people", number(n as u64)),
    }
}

fn named(names: &[String], all: usize) -> String {
    let more = all - names.len();
    match more {
        0 => names.join(", "),
        more => format!("{} and {}", names.join(", "), count(more as u64, "other")),
    }
}
