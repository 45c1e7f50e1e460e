//! The `.md` beside a check is both its explanation and its test: small tables of facts and the
//! verdicts they must give.
//!
//! A ```` ```facts ```` block holds one fact a line, `table column=value …`, values with blanks in
//! double quotes; columns that may not be null and are not given are empty. Its first line may say
//! `unknown=table,table`. The ```` ```verdict as_of=2026-09-08 ```` block that follows lists
//! `subject  verdict`, optionally `lapses=2026-10-01`, and may end with `= verdict` for the claim as
//! a whole.

use std::collections::BTreeMap;

use jiff::civil::Date;
use standing_facts::{Cell, ColumnKind, Row, tables};

use crate::check::{Check, Verdict};
use crate::estate::Estate;
use crate::index::Index;
use crate::time::AsOf;

/// One example: a heading, facts, and the verdicts they must give.
#[derive(Debug, Default)]
pub struct Example {
    /// The heading it stands under.
    pub title: String,
    /// Line of the verdict block, from 1.
    pub line: usize,
    facts: Vec<Row>,
    unknown: Vec<String>,
    as_of: Date,
    expected: BTreeMap<String, (Verdict, Option<Date>)>,
    overall: Option<Verdict>,
}

/// Reads every example of a page.
///
/// # Errors
/// The line and what was expected there.
pub fn examples(page: &str) -> Result<Vec<Example>, String> {
    let mut examples = Vec::new();
    let mut title = String::new();
    let mut facts = Vec::new();
    let mut unknown = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((i, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut title);
        }
        let Some(fence) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<(usize, &str)> = lines
            .by_ref()
            .take_while(|(_, l)| !l.starts_with("```"))
            .map(|(n, l)| (n + 1, l.trim()))
            .filter(|(_, l)| !l.is_empty())
            .collect();
        if fence.trim() == "facts" {
            facts.clear();
            unknown.clear();
            for (number, line) in body {
                match line.strip_prefix("unknown=") {
                    Some(tables) => unknown.extend(tables.split(',').map(str::to_owned)),
                    None => facts.push(fact(line).map_err(|e| format!("line {number}: {e}"))?),
                }
            }
        } else if let Some(rest) = fence.strip_prefix("verdict") {
            let as_of = rest
                .trim()
                .strip_prefix("as_of=")
                .and_then(|d| d.parse().ok())
                .ok_or_else(|| format!("line {}: expected ```verdict as_of=YYYY-MM-DD", i + 1))?;
            let mut example = Example {
                title: title.clone(),
                line: i + 1,
                facts: facts.clone(),
                unknown: unknown.clone(),
                as_of,
                ..Example::default()
            };
            for (number, line) in body {
                example
                    .expect(line)
                    .map_err(|e| format!("line {number}: {e}"))?;
            }
            examples.push(example);
        }
    }
    Ok(examples)
}

impl Example {
    fn expect(&mut self, line: &str) -> Result<(), String> {
        if let Some(word) = line.strip_prefix("= ") {
            self.overall = Some(Verdict::parse(word.trim()).ok_or("expected `= verdict`")?);
            return Ok(());
        }
        let (line, lapses) = match line.split_once("lapses=") {
            Some((line, day)) => (
                line,
                Some(
                    day.trim()
                        .parse()
                        .map_err(|_| "expected lapses=YYYY-MM-DD")?,
                ),
            ),
            None => (line, None),
        };
        let line = line.trim();
        let verdict = ["not applicable", "not met", "unknown", "met"]
            .into_iter()
            .find_map(|word| Some((line.strip_suffix(word)?, Verdict::parse(word)?)));
        let (subject, verdict) = verdict.ok_or("expected `subject  verdict`")?;
        let subject = subject.trim().trim_matches('"').to_owned();
        self.expected.insert(subject, (verdict, lapses));
        Ok(())
    }

    /// Runs the check on the example's facts.
    ///
    /// # Errors
    /// How the verdicts differ from those expected.
    pub fn hold(&self, check: &Check) -> Result<(), String> {
        let mut index = Index::in_memory().map_err(|e| e.to_string())?;
        for (i, row) in self.facts.iter().enumerate() {
            index
                .record(i as u64, "2000-01-01T00:00:00.000Z", row.clone())
                .map_err(|e| e.to_string())?;
        }
        let estate = Estate::supposed(&mut index, AsOf::end_of(self.as_of), &self.unknown)
            .map_err(|e| e.to_string())?;
        check.lint(&estate).map_err(|e| e.to_string())?;
        let result = check.run(&estate);
        let found: BTreeMap<String, (Verdict, Option<Date>)> = result
            .subjects
            .iter()
            .map(|s| (s.subject.clone(), (s.verdict, s.lapses)))
            .collect();
        let stated: BTreeMap<String, (Verdict, Option<Date>)> = found
            .iter()
            .map(|(subject, (verdict, lapses))| {
                let asked = self.expected.get(subject).is_some_and(|(_, l)| l.is_some());
                (subject.clone(), (*verdict, lapses.filter(|_| asked)))
            })
            .collect();
        if stated != self.expected {
            return Err(format!(
                "expected {:?}\n   found {:?} ({:?})",
                self.expected, found, result.reason
            ));
        }
        match self.overall {
            Some(overall) if overall != result.verdict => Err(format!(
                "expected the claim to be {overall}, found {} ({:?})",
                result.verdict, result.reason
            )),
            _ => Ok(()),
        }
    }
}

/// `table column=value column="two words"` as a row.
///
/// # Errors
/// What does not fit.
pub fn fact(line: &str) -> Result<Row, String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let table = tables::table(name).ok_or_else(|| format!("there is no table {name:?}"))?;
    let mut given = pairs(rest)?;
    let cells = table
        .columns
        .iter()
        .map(|column| {
            let Some(text) = given.remove(column.name) else {
                return Ok(match column.kind {
                    _ if column.nullable => Cell::Null,
                    ColumnKind::Integer | ColumnKind::Truth => Cell::Integer(0),
                    ColumnKind::Date => return Err(format!("{} must be given", column.name)),
                    ColumnKind::Text => Cell::Text(String::new()),
                });
            };
            cell(column.kind, text).ok_or_else(|| format!("{} does not fit", column.name))
        })
        .collect::<Result<_, _>>()?;
    match given.keys().next() {
        Some(stranger) => Err(format!("table {name} has no column {stranger:?}")),
        None => Ok(Row { table, cells }),
    }
}

fn cell(kind: ColumnKind, text: String) -> Option<Cell> {
    Some(match kind {
        ColumnKind::Text => Cell::Text(text),
        ColumnKind::Integer => Cell::Integer(text.parse().ok()?),
        ColumnKind::Truth => Cell::Integer(i64::from(text.parse::<bool>().ok()?)),
        ColumnKind::Date => Cell::Text(text.parse::<Date>().ok()?.to_string()),
    })
}

fn pairs(mut rest: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(pairs);
        }
        let (name, after) = rest
            .split_once('=')
            .ok_or_else(|| format!("expected column=value, found {rest:?}"))?;
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| "a double quote is not closed".to_owned())?,
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        pairs.insert(name.trim().to_owned(), value.to_owned());
        rest = left;
    }
}
