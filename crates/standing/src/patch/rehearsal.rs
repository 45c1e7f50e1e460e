//! `standing patch rehearsal`: Cyber Essentials Plus before the assessor comes.
//!
//! Samples are drawn by operating-system build, and every server is looked at. The draw is a function of
//! the seed and the names, so that anybody can draw it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use standing_assess::Estate;
use standing_assess::check::Verdict;
use standing_patching::is_distribution;

use super::command::Rehearsal;
use super::{BUDGET, Line, Of, gaps, lines};
use crate::cli::Format;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count, counted, plain};

/// How many of a build are looked at, by how many there are. As third parties tell it; the assessor's
/// own table counts.
const SAMPLE: [(usize, usize); 5] = [(1, 1), (5, 2), (19, 3), (60, 4), (usize::MAX, 5)];

/// The check that knows which operating systems are in support.
const SUPPORT: &str = "operating_systems_are_supported";

/// What is said beside the result.
const CAVEAT: &str = "A rehearsal from inventories and scanners, not a scan: it sees what they list. The sizes of \
samples and the numbers of questions are as third parties give them for version 3.3; the assessor's own count.";

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Machine {
    name: String,
    build: String,
    is_server: bool,
    /// Whether anything lists its software.
    is_listed: bool,
    /// Whether its operating system is in support; null: not known.
    supported: Option<bool>,
    /// Fixes of grave vulnerabilities that are late.
    late: u64,
    /// Vulnerabilities of which it is not known whether they are late.
    unknown: u64,
}

impl Machine {
    /// `pass`, `fail` or `unknown`.
    fn verdict(&self) -> &'static str {
        match self {
            Machine { late: 1.., .. }
            | Machine {
                supported: Some(false),
                ..
            } => "fail",
            Machine {
                is_listed: true,
                supported: Some(true),
                unknown: 0,
                ..
            } => "pass",
            _ => "unknown",
        }
    }

    fn why(&self) -> String {
        let mut parts = Vec::new();
        if self.late > 0 {
            parts.push(format!("{} late", counted(self.late, "fix", "fixes")));
        }
        match self.supported {
            Some(false) => parts.push("operating system out of support".into()),
            None => parts.push("support of its operating system not known".into()),
            Some(true) => {}
        }
        if !self.is_listed {
            parts.push("nothing lists its software".into());
        }
        if self.unknown > 0 {
            parts.push(format!("{} not known", text::number(self.unknown)));
        }
        parts.join(", ")
    }
}

/// One question that fails the assessment outright.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Question {
    number: &'static str,
    about: &'static str,
    /// `yes`, `no` or `unknown`.
    answer: &'static str,
    evidence: String,
}

/// Runs the command. Exit code 0 if it would pass, 1 if it would fail, 2 if that is not known.
///
/// # Errors
/// When it could not tell.
pub fn rehearsal(home: &Home, asked: &Rehearsal, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, &asked.when)?;
    let estate = terms.estate(&mut index)?;
    let clocks = lines(&estate, &Of::default(), None)?;
    let gaps = gaps(&estate);
    let (machines, left_out) = machines(&estate, &clocks, &supported(&terms, &estate))?;
    let questions = questions(&estate, &clocks, !gaps.is_empty())?;
    let first = draw(&machines, asked.seed, 1, &BTreeSet::new());
    let drawn: BTreeSet<&str> = first.iter().map(|machine| machine.name.as_str()).collect();
    let second = draw(&machines, asked.seed, 2, &drawn);
    let servers: Vec<&Machine> = machines
        .iter()
        .filter(|machine| machine.is_server)
        .collect();
    let judged = first
        .iter()
        .chain(&servers)
        .map(|machine| machine.verdict());
    let answers = questions.iter().map(|question| match question.answer {
        "yes" => "pass",
        "no" => "fail",
        _ => "unknown",
    });
    let all: Vec<&str> = judged.chain(answers).collect();
    let verdict = ["fail", "unknown", "pass"]
        .into_iter()
        .find(|word| all.contains(word))
        .filter(|_| !machines.is_empty())
        .unwrap_or("unknown");
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": terms.as_of.date, "seed": asked.seed, "verdict": verdict, "gaps": gaps,
                "machines": machines.len(), "left_out": left_out, "servers": servers,
                "first_sample": first, "second_sample": second, "questions": questions,
                "caveat": CAVEAT})
        ),
        Format::Text => {
            let style = Style::stdout();
            let day = text::day(terms.as_of.date);
            let title = format!("Cyber Essentials Plus, rehearsed as of {day}: {verdict}");
            let mut page = format!("{}\n", style.strong(&title));
            for gap in &gaps {
                let _ = writeln!(page, "  ? {}", style.fold(4, &plain(gap)));
            }
            let _ = writeln!(
                page,
                "{} in use, {} of them servers; seed {}. {left_out}",
                count(machines.len() as u64, "machine"),
                text::number(servers.len() as u64),
                asked.seed
            );
            for (title, part) in [
                ("Every server", &servers),
                ("First sample, by build", &first),
                ("Second sample, drawn if the first fails", &second),
            ] {
                page.push_str(&sample(title, part));
            }
            let _ = writeln!(page, "Questions that fail outright");
            let rows: Vec<Vec<String>> = questions
                .iter()
                .map(|question| {
                    vec![
                        format!("  {} {}", question.number, question.about),
                        question.answer.to_owned(),
                        plain(&question.evidence),
                    ]
                })
                .collect();
            page.push_str(&text::table(&rows));
            let _ = writeln!(page, "{}", style.faint(&style.fold(0, CAVEAT)));
            put!("{page}");
        }
    }
    Ok(match verdict {
        "pass" => 0,
        "fail" => 1,
        _ => 2,
    })
}

fn sample(title: &str, machines: &[&Machine]) -> String {
    let failed = machines
        .iter()
        .filter(|machine| machine.verdict() == "fail")
        .count();
    let passed = machines
        .iter()
        .filter(|machine| machine.verdict() == "pass")
        .count();
    let mut text = format!(
        "{title}: {} of {} pass, {} fail\n",
        text::number(passed as u64),
        text::number(machines.len() as u64),
        text::number(failed as u64)
    );
    let rows: Vec<Vec<String>> = machines
        .iter()
        .map(|machine| {
            vec![
                format!("  {}", plain(&machine.name)),
                plain(&machine.build),
                machine.verdict().to_owned(),
                machine.why(),
            ]
        })
        .collect();
    text.push_str(&text::table(&rows));
    text
}

/// What the check of operating systems says of each machine; those of which it cannot tell are not here.
fn supported(terms: &Terms, estate: &Estate<'_>) -> BTreeMap<String, bool> {
    let check = terms.checks.iter().find(|check| check.name == SUPPORT);
    let subjects = check.map(|check| check.run(estate).subjects);
    let told = subjects.into_iter().flatten().filter_map(|subject| {
        let met = match subject.verdict {
            Verdict::Met => true,
            Verdict::NotMet => false,
            _ => return None,
        };
        Some((subject.subject.to_lowercase(), met))
    });
    told.collect()
}

/// Machines in use, and in words what was left out of them.
fn machines(
    estate: &Estate<'_>,
    clocks: &[Line],
    supported: &BTreeMap<String, bool>,
) -> Result<(Vec<Machine>, String), Failure> {
    let sql = "
select min(asset.name), max(coalesce(asset.kind, '')),
       max(coalesce(asset.os, '')) || ' ' || max(coalesce(asset.os_version, '')),
       exists (select 1 from component where component.asset = asset.name)
from asset where coalesce(asset.retired_on, '9999-12-31') > ?1
group by asset.name collate nocase order by 1";
    let today = estate.as_of.date.to_string();
    let answer = estate.query_with(sql, &[Sql::Text(today)], BUDGET);
    let mut late: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for line in clocks.iter().filter(|line| line.is_open()) {
        let counts = late.entry(line.asset.to_lowercase()).or_default();
        counts.0 += u64::from(line.verdict == "breached");
        counts.1 += u64::from(line.is_unknown());
    }
    let (mut machines, mut others) = (Vec::new(), 0_u64);
    for row in answer.map_err(Failure::integrity)?.rows {
        let text = |at: usize| match row.get(at) {
            Some(Sql::Text(text)) => text.trim().to_owned(),
            _ => String::new(),
        };
        let (name, kind) = (text(0), text(1));
        if matches!(
            kind.as_str(),
            "image" | "repository" | "network" | "container"
        ) {
            others += 1;
            continue;
        }
        let (late, unknown) = late.get(&name.to_lowercase()).copied().unwrap_or_default();
        let build = text(2);
        machines.push(Machine {
            is_server: kind.contains("server"),
            build: if build.is_empty() {
                "build not known".into()
            } else {
                build
            },
            is_listed: row.get(3) == Some(&Sql::Integer(1)),
            supported: supported.get(&name.to_lowercase()).copied(),
            late,
            unknown,
            name,
        });
    }
    let left_out = match others {
        0 => String::new(),
        n => format!(
            "Left out: {} of other kinds (images, containers, repositories, network).",
            count(n, "asset")
        ),
    };
    Ok((machines, left_out))
}

/// So many of each build as the table says, those with the least hashes; machines of an earlier sample
/// only where there are no others.
fn draw<'m>(
    machines: &'m [Machine],
    seed: u64,
    round: u8,
    before: &BTreeSet<&str>,
) -> Vec<&'m Machine> {
    let mut builds: BTreeMap<&str, Vec<&Machine>> = BTreeMap::new();
    for machine in machines.iter().filter(|machine| !machine.is_server) {
        builds.entry(&machine.build).or_default().push(machine);
    }
    let mut drawn = Vec::new();
    for (_, mut of_build) in builds {
        let wanted = SAMPLE.iter().find(|(most, _)| of_build.len() <= *most);
        let wanted = wanted.map_or(0, |(_, wanted)| *wanted);
        of_build.sort_by_key(|machine| {
            let lot = Sha256::digest(format!("{seed}/{round}/{}", machine.name.to_lowercase()));
            (before.contains(machine.name.as_str()), lot.to_vec())
        });
        drawn.extend(of_build.into_iter().take(wanted));
    }
    drawn
}

fn questions(
    estate: &Estate<'_>,
    clocks: &[Line],
    has_gaps: bool,
) -> Result<Vec<Question>, Failure> {
    let fixes = |number, about, of_system: bool| {
        let open = clocks
            .iter()
            .filter(|line| line.is_open() && is_distribution(&line.ecosystem) == of_system);
        let (mut late, mut unknown, mut all) = (0_u64, 0_u64, 0_u64);
        for line in open {
            all += 1;
            late += u64::from(line.verdict == "breached");
            unknown += u64::from(line.is_unknown());
        }
        let answer = match (late, unknown > 0 || has_gaps) {
            (1.., _) => "no",
            (0, true) => "unknown",
            (0, false) => "yes",
        };
        let numbers = [late, all, unknown].map(text::number);
        let evidence = format!(
            "{} of {} open findings are late, {} not known",
            numbers[0], numbers[1], numbers[2]
        );
        Question {
            number,
            about,
            answer,
            evidence,
        }
    };
    let mfa = |number, about, privileged: bool| -> Result<Question, Failure> {
        let sql = "select count(*), coalesce(sum(answer = 1), 0), coalesce(sum(answer = 0), 0)
             from mfa_cell where cyber_essentials = 1 and coalesce(privileged, 0) = ?1";
        let values = [Sql::Integer(i64::from(privileged))];
        let answer = estate
            .query_with(sql, &values, BUDGET)
            .map_err(Failure::integrity)?;
        let count = |at: usize| match answer.rows.first().and_then(|row| row.get(at)) {
            Some(Sql::Integer(n)) => n.unsigned_abs(),
            _ => 0,
        };
        let (all, yes, no) = (count(0), count(1), count(2));
        let whole = estate.gaps("mfa_cell").is_empty();
        Ok(Question {
            number,
            about,
            answer: match (no, whole && all > 0 && yes == all) {
                (1.., _) => "no",
                (0, true) => "yes",
                (0, false) => "unknown",
            },
            evidence: format!(
                "{} of {} use a second factor, {} do not",
                text::number(yes),
                text::count(all, "account"),
                text::number(no)
            ),
        })
    };
    Ok(vec![
        fixes(
            "A6.4",
            "operating systems and firmware within 14 days",
            true,
        ),
        fixes("A6.5", "applications within 14 days", false),
        mfa("A7.16", "second factor for cloud administrators", true)?,
        mfa("A7.17", "second factor for cloud users", false)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, build: &str) -> Machine {
        Machine {
            name: name.into(),
            build: build.into(),
            is_server: false,
            is_listed: true,
            supported: Some(true),
            late: 0,
            unknown: 0,
        }
    }

    #[test]
    fn samples_are_drawn_by_build_and_drawn_again_alike() {
        let names: Vec<String> = (0..70).map(|i| format!("m{i}")).collect();
        let mut machines: Vec<Machine> = names.iter().map(|n| machine(n, "windows 11")).collect();
        machines.extend((0..6).map(|i| machine(&format!("mac{i}"), "macos 15")));
        machines.push(machine("odd", "debian 12"));
        let first = draw(&machines, 7, 1, &BTreeSet::new());
        let of = |build: &str| first.iter().filter(|m| m.build == build).count();
        assert_eq!(
            [of("windows 11"), of("macos 15"), of("debian 12")],
            [5, 3, 1]
        );
        assert_eq!(first, draw(&machines, 7, 1, &BTreeSet::new()));
        assert_ne!(first, draw(&machines, 8, 1, &BTreeSet::new()));
        let drawn: BTreeSet<&str> = first.iter().map(|m| m.name.as_str()).collect();
        let second = draw(&machines, 7, 2, &drawn);
        assert_eq!(second.len(), first.len(), "of equal size");
        let again = second
            .iter()
            .filter(|m| drawn.contains(m.name.as_str()))
            .count();
        assert_eq!(again, 1, "only where a build has no other machine");
    }

    #[test]
    fn what_is_not_known_does_not_pass() {
        let mut one = machine("a", "b");
        assert_eq!(one.verdict(), "pass");
        one.supported = None;
        assert_eq!(one.verdict(), "unknown");
        one.late = 1;
        assert_eq!(one.verdict(), "fail");
        one = machine("a", "b");
        one.is_listed = false;
        assert_eq!(one.verdict(), "unknown");
    }
}
