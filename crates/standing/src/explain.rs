//! `standing item` and `standing check`: one thing explained whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use standing_assess::Estate;
use standing_assess::assessment::{Assessment, ItemStanding};
use standing_assess::catalogue::{Binding, Item, Ref};
use standing_assess::check::{Check, CheckResult, Reason, Subject, Verdict};

use crate::cli::{Format, When};
use crate::config::nearest;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{Style, day, number, table};

/// Runs `standing item REF`. Exit code 0 if the item stands, 1 if not, 2 if unknown.
///
/// # Errors
/// When there is no such item, or when it could not tell.
pub fn item(home: &Home, reference: &str, when: &When, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let wanted: Ref = reference.parse().map_err(|_| {
        Failure::usage(format!("{reference:?} is not an item"))
            .hint("an item is written as 4.2.4; `standing status --all` lists them")
    })?;
    let today = terms.assess(&mut index)?;
    let standing = today.items.iter().find(|i| i.item == wanted.to_string());
    let known = terms.catalogue.item(wanted);
    let (Some(standing), Some(known)) = (standing, known) else {
        let why = match known {
            Some(_) => format!(
                "{wanted} is not asked of {} in {}",
                terms.profile, terms.edition
            ),
            None => format!("no item {wanted} is known"),
        };
        return Err(Failure::usage(why).hint("`standing status --all` lists the items that are"));
    };
    let binding = known.binding(&terms.edition, &terms.profile);
    match format {
        Format::Json => say!(
            "{:#}",
            json!({
                "standing": standing,
                "catalogue": known,
                "draft": draft(&terms, &today, standing, known),
            })
        ),
        Format::Text => {
            let page = ItemPage {
                home,
                terms: &terms,
                today: &today,
                standing,
                known,
                binding,
                style: Style::stdout(),
            };
            put!("{}", page.text()?);
        }
    }
    Ok(code(standing.verdict))
}

/// Exit code of a verdict: 0 it stands, 1 it does not, 2 it cannot be told.
fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Met | Verdict::NotApplicable => 0,
        Verdict::NotMet => 1,
        Verdict::Unknown => 2,
    }
}

struct ItemPage<'a> {
    home: &'a Home,
    terms: &'a Terms,
    today: &'a Assessment,
    standing: &'a ItemStanding,
    known: &'a Item,
    binding: Option<&'a Binding>,
    style: Style,
}

impl ItemPage<'_> {
    fn text(&self) -> Result<String, Failure> {
        let (s, style) = (self.standing, self.style);
        let mut text = format!(
            "{}\n{} {} · {}\n\n",
            style.strong(&format!("{}  {}", s.item, s.title)),
            style.shape(s.verdict),
            s.verdict,
            s.basis.as_str()
        );
        let _ = writeln!(text, "  {}", style.fold(2, &s.reason));
        if let Some(turn) = &s.turn {
            let _ = writeln!(text, "  → turn of {turn}");
        }
        if let (Some(on), Some(why)) = (s.lapses_on, &s.lapses_because) {
            let _ = writeln!(
                text,
                "  Stands no longer from {} on: {}",
                day(on),
                why.trim_end_matches('.')
            );
        }
        self.heading(&mut text, "Whom it binds");
        text.push_str(&self.binds());
        if !self.known.checks.is_empty() {
            self.heading(&mut text, "What is measured");
            for name in &self.known.checks {
                text.push_str(&self.check(name));
            }
        }
        if !self.known.still_needs.is_empty() {
            self.heading(&mut text, "What no machine can establish");
            for need in &self.known.still_needs {
                let _ = writeln!(text, "  • {}", style.fold(4, need));
            }
            text.push_str(&self.statement());
        }
        self.heading(&mut text, "Evidence in the vault");
        text.push_str(&self.evidence()?);
        self.heading(
            &mut text,
            "Draft of the answer (read it, then make it yours)",
        );
        let answer = draft(self.terms, self.today, s, self.known);
        let _ = writeln!(text, "  {}", style.fold(2, &answer));
        for caveat in self.terms.caveats() {
            let _ = writeln!(
                text,
                "\n{} {}",
                style.faint("note:"),
                style.fold(6, &caveat)
            );
        }
        Ok(text)
    }

    fn heading(&self, text: &mut String, words: &str) {
        let _ = writeln!(text, "\n{}", self.style.strong(words));
    }

    fn binds(&self) -> String {
        let Some(binding) = self.binding else {
            return String::new();
        };
        let mut text = format!(
            "  {} in {}: mandatory {} · certainty: {}\n  Source: {}\n",
            binding.profile,
            binding.edition,
            binding.mandatory,
            binding.certainty,
            self.style.fold(2, &binding.source)
        );
        for note in &self.known.notes {
            let _ = writeln!(text, "  {}", self.style.fold(2, note));
        }
        if let Some(official) = binding
            .official
            .as_ref()
            .and_then(|o| o.evidence_text.as_ref())
        {
            let _ = writeln!(
                text,
                "  In the words of your sheet: {}",
                self.style.fold(2, official)
            );
        }
        text
    }

    fn check(&self, name: &str) -> String {
        let Some(result) = self.today.checks.get(name) else {
            return format!("  ? {name}: cannot be used\n");
        };
        let mut text = format!(
            "  {} {}\n    {} · {}\n",
            self.style.shape(result.verdict),
            self.style.fold(4, claim(self.terms, name)),
            self.style.faint(name),
            tally(result)
        );
        for gap in &result.gaps {
            let _ = writeln!(text, "    not known: {}", self.style.fold(4, &gap.detail));
        }
        for subject in wanting(result).take(3) {
            let shape = self.style.shape(subject.verdict);
            let _ = writeln!(
                text,
                "      {shape} {}",
                self.style.fold(8, &subject.observed)
            );
        }
        text
    }

    fn statement(&self) -> String {
        match &self.standing.statement {
            None => format!(
                "  Nobody has stated it. `standing record attestation add item={} answer=yes \
                 statement=\"…\" stated_by=\"…\" role=SIRO stated_on={}`\n",
                self.standing.item, self.today.as_of
            ),
            Some(s) => format!(
                "  {}\n",
                self.style.fold(
                    2,
                    &format!(
                        "{} ({}) on {}, to be relied upon to {} (entry {}): {}",
                        s.stated_by,
                        s.role,
                        day(s.stated_on),
                        day(s.expires_on),
                        s.entry,
                        s.statement
                    )
                )
            ),
        }
    }

    fn evidence(&self) -> Result<String, Failure> {
        if self.standing.evidence.is_empty() {
            return Ok("  None.\n".into());
        }
        let rows: Vec<Vec<String>> = evidence(self.home, self.standing)?
            .into_iter()
            .map(|e| {
                let detail = match e.outcome.as_str() {
                    "" => e.about,
                    outcome => format!("{} ({}), {outcome}", e.about, e.collector),
                };
                vec![format!("entry {}", e.seq), e.time, e.kind, detail]
            })
            .collect();
        Ok(table(&rows))
    }
}

/// One entry of the vault on which an item's verdict rests.
pub struct Evidence {
    /// Its number.
    pub seq: u64,
    /// Instant of its writing.
    pub time: String,
    /// Kind of entry: `collection`, `record`.
    pub kind: String,
    /// The source read or the register kept.
    pub about: String,
    /// Kind of collector; empty for a record.
    pub collector: String,
    /// `complete`, `partial` or `failed`; empty for a record.
    pub outcome: String,
}

/// What an item's verdict rests on, in the order of the log.
///
/// # Errors
/// When the vault cannot be read.
pub fn evidence(home: &Home, standing: &ItemStanding) -> Result<Vec<Evidence>, Failure> {
    let mut found = Vec::new();
    for seq in &standing.evidence {
        let Some(entry) = home.vault.entries(*seq..seq + 1)?.next() else {
            continue;
        };
        let entry = entry?;
        let word = |name: &str| {
            let word = entry.body.get(name).and_then(Json::as_str);
            word.unwrap_or_default().to_owned()
        };
        let read = entry.kind == "collection";
        let of_reading = |name| if read { word(name) } else { String::new() };
        found.push(Evidence {
            seq: *seq,
            time: entry.time.to_string(),
            about: word(if read { "source" } else { "table" }),
            collector: of_reading("kind"),
            outcome: of_reading("outcome"),
            kind: entry.kind,
        });
    }
    Ok(found)
}

/// What a check claims; empty if there is no such check.
pub fn claim<'t>(terms: &'t Terms, name: &str) -> &'t str {
    let check = terms.checks.iter().find(|c| c.name == name);
    check.map_or("", |c| c.claim.as_str())
}

/// Subjects of a check that are not met or cannot be judged, worst first.
pub fn wanting(result: &CheckResult) -> impl Iterator<Item = &Subject> {
    let subjects = result.subjects.iter();
    subjects.filter(|s| matches!(s.verdict, Verdict::NotMet | Verdict::Unknown))
}

/// A text for the portal made from what is measured and stated, and nothing else.
pub fn draft(terms: &Terms, today: &Assessment, standing: &ItemStanding, known: &Item) -> String {
    let mut sentences = Vec::new();
    if let Some(statement) = &standing.statement
        && statement.expires_on >= today.as_of
        && statement.answer != "no"
    {
        sentences.push(stop(&statement.statement));
    }
    for name in &known.checks {
        let (Some(result), Some(check)) = (
            today.checks.get(name),
            terms.checks.iter().find(|c| c.name == *name),
        ) else {
            continue;
        };
        sentences.push(measured_sentence(check, result, today));
    }
    if sentences.is_empty() {
        return "Nothing is measured or stated yet, so there is nothing truthful to draft.".into();
    }
    if matches!(standing.verdict, Verdict::NotMet | Verdict::Unknown) {
        sentences
            .push("This is not an answer to publish: see what stands in the way above.".into());
    }
    sentences.join(" ")
}

fn measured_sentence(check: &Check, result: &CheckResult, today: &Assessment) -> String {
    let on = day(today.as_of);
    let claim = check.claim.trim_end_matches('.');
    let total = number(result.total());
    match result.verdict {
        Verdict::Met if result.total() == 0 => format!("{claim}: as of {on} there was no case."),
        Verdict::Met => format!(
            "{claim}: as of {on} this held for {} of {total}{}.",
            number(result.count(Verdict::Met)),
            match result.excepted {
                0 => String::new(),
                n => format!(", with {n} under an approved exception"),
            }
        ),
        Verdict::NotMet => format!(
            "As of {on}, {} of {total} failed this: \u{201c}{claim}.\u{201d}",
            number(result.count(Verdict::NotMet) - result.excepted)
        ),
        Verdict::NotApplicable => format!("{claim}: as of {on} it applied to nothing."),
        Verdict::Unknown => {
            format!("As of {on} it could not be told whether this holds: \u{201c}{claim}.\u{201d}")
        }
    }
}

fn stop(text: &str) -> String {
    let text = text.trim();
    if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// `38 of 41 met, 2 not met, 1 unknown`, or why there is no count.
pub fn tally(result: &CheckResult) -> String {
    match &result.reason {
        Reason::Faulty(why) => return format!("could not be run: {why}"),
        Reason::Gap if result.total() == 0 => return "could not be judged".into(),
        Reason::Empty => return "no subject found".into(),
        _ if result.total() == 0 => {
            return format!(
                "{} not applicable",
                number(result.count(Verdict::NotApplicable))
            );
        }
        _ => {}
    }
    let mut parts = vec![format!(
        "{} of {} met",
        number(result.count(Verdict::Met)),
        number(result.total())
    )];
    for verdict in [Verdict::NotMet, Verdict::Unknown] {
        if result.count(verdict) > 0 {
            parts.push(format!("{} {verdict}", number(result.count(verdict))));
        }
    }
    if result.excepted > 0 {
        parts.push(format!("{} of these excepted", result.excepted));
    }
    parts.join(", ")
}

/// Runs `standing check [NAME]`. Exit code 0 if the claim holds, 1 if not, 2 if
/// unknown.
///
/// # Errors
/// When there is no such check, or when it could not tell.
pub fn check(
    home: &Home,
    name: Option<&str>,
    when: &When,
    rows: usize,
    format: Format,
) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    match name {
        None => list(&terms, &terms.assess(&mut index)?, format),
        Some(name) => one(&terms, &terms.estate(&mut index)?, name, rows, format),
    }
}

fn list(terms: &Terms, today: &Assessment, format: Format) -> Result<u8, Failure> {
    let has = |verdict| today.checks.values().any(|r| r.verdict == verdict);
    let worst = if has(Verdict::NotMet) {
        Verdict::NotMet
    } else if has(Verdict::Unknown) || !today.faulty.is_empty() {
        Verdict::Unknown
    } else {
        Verdict::Met
    };
    let items: BTreeMap<&str, Vec<String>> = today
        .checks
        .keys()
        .map(|name| {
            let carried = today.items.iter().filter(|i| i.checks.contains(name));
            (name.as_str(), carried.map(|i| i.item.clone()).collect())
        })
        .collect();
    if format == Format::Json {
        let all: Vec<Json> = today
            .checks
            .values()
            .map(|r| result_json(terms, r))
            .collect();
        say!(
            "{:#}",
            json!({
                "as_of": today.as_of,
                "checks": all,
                "faulty_checks": today.faulty.iter().map(|f| json!({
                    "name": f.name, "line": f.error.line, "error": f.error.what,
                })).collect::<Vec<_>>(),
            })
        );
        return Ok(code(worst));
    }
    let style = Style::stdout();
    let rows: Vec<Vec<String>> = today
        .checks
        .values()
        .map(|r| {
            vec![
                style.shape(r.verdict),
                r.name.clone(),
                tally(r),
                style.faint(&items[r.name.as_str()].join(", ")),
            ]
        })
        .collect();
    put!("{}", table(&rows));
    for faulty in &today.faulty {
        say!(
            "  {} {}: not used, {}",
            style.shape(Verdict::Unknown),
            faulty.name,
            faulty.error
        );
    }
    Ok(code(worst))
}

fn one(
    terms: &Terms,
    estate: &Estate<'_>,
    name: &str,
    rows: usize,
    format: Format,
) -> Result<u8, Failure> {
    let Some(check) = terms.checks.iter().find(|c| c.name == name) else {
        if let Some(faulty) = terms.unreadable.iter().find(|f| f.name == name) {
            return Err(Failure::configuration(format!(
                "check {name}: {}",
                faulty.error
            )));
        }
        let names: Vec<&str> = terms.checks.iter().map(|c| c.name.as_str()).collect();
        let failure = Failure::usage(format!("no check {name:?}"));
        return Err(match nearest(name, &names) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`standing check` lists them"),
        });
    };
    if let Err(error) = check.lint(estate) {
        return Err(Failure::configuration(format!("check {name}: {error}")));
    }
    let result = check.run(estate);
    if format == Format::Json {
        say!("{:#}", result_json(terms, &result));
    } else {
        put!("{}", check_text(terms, estate, check, &result, rows));
    }
    Ok(code(result.verdict))
}

fn result_json(terms: &Terms, result: &CheckResult) -> Json {
    let check = terms.checks.iter().find(|c| c.name == result.name);
    let word = |f: fn(&Check) -> &str| check.map(f).unwrap_or_default().to_owned();
    json!({
        "name": result.name,
        "revision": result.revision,
        "claim": word(|c| &c.claim),
        "cannot_see": word(|c| &c.cannot_see),
        "verdict": result.verdict.as_str(),
        "met": result.count(Verdict::Met),
        "not_met": result.count(Verdict::NotMet),
        "unknown": result.count(Verdict::Unknown),
        "not_applicable": result.count(Verdict::NotApplicable),
        "excepted": result.excepted,
        "gaps": result.gaps,
        "subjects": result.subjects.iter().map(|s| json!({
            "subject": s.subject,
            "verdict": s.verdict.as_str(),
            "observed": s.observed,
            "rule": s.rule,
            "lapses_on": s.lapses,
            "excepted_until": s.excepted.as_ref().map(|e| e.until),
        })).collect::<Vec<_>>(),
    })
}

fn check_text(
    terms: &Terms,
    estate: &Estate<'_>,
    check: &Check,
    result: &CheckResult,
    rows: usize,
) -> String {
    let style = Style::stdout();
    let mut text = format!(
        "{}\n{} {} · {}\n\n",
        style.strong(&check.claim),
        style.shape(result.verdict),
        result.verdict,
        tally(result)
    );
    let mut say = |what: &str, words: &str| {
        if !words.is_empty() {
            let _ = writeln!(
                text,
                "  {:<11} {}",
                style.faint(what),
                style.fold(14, words)
            );
        }
    };
    say(
        "check",
        &format!("{}, revision {}", check.name, check.revision),
    );
    say("as of", &day(estate.as_of.date));
    say("cannot see", &check.cannot_see);
    say("matters", &check.matters);
    let parameters: Vec<String> = check
        .parameters
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    say("parameters", &parameters.join(", "));
    let items: Vec<String> = terms
        .catalogue
        .items
        .iter()
        .filter(|i| i.checks.contains(&check.name))
        .map(|i| i.reference.to_string())
        .collect();
    say("items", &items.join(", "));
    let warnings: BTreeSet<String> = check
        .tables()
        .flat_map(|table| estate.sources_of(table))
        .filter_map(|source| source.warning.clone())
        .collect();
    for table in check.tables() {
        for behind in standing_facts::tables::ALL
            .iter()
            .filter(|t| t.name == table)
        {
            let sources: Vec<String> = estate
                .sources_of(behind.name)
                .iter()
                .map(|s| match &s.gap {
                    None if s.source == standing_assess::index::RECORDS => "records".into(),
                    None => format!("{} (entry {})", s.source, s.entry.unwrap_or_default()),
                    Some(_) => format!("{} (not known)", s.source),
                })
                .collect();
            if !sources.is_empty() {
                say("from", &format!("{}: {}", behind.name, sources.join(", ")));
            }
        }
    }
    for gap in &result.gaps {
        say("not known", &gap.detail);
    }
    for warning in warnings {
        say("mind", &warning);
    }
    let _ = writeln!(text, "\n{}", style.strong("The statement"));
    for line in check.sql.lines() {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "\n{}", style.strong("Subjects, worst first"));
    for subject in result.subjects.iter().take(rows) {
        text.push_str(&subject_text(subject, style));
    }
    if result.subjects.is_empty() {
        text.push_str("  None.\n");
    }
    let shown = rows.min(result.subjects.len()) as u64;
    let all: u64 = result.counts.values().sum();
    if all > shown {
        let _ = writeln!(
            text,
            "  … {} of {} shown; --rows shows more",
            number(shown),
            number(all)
        );
    }
    text
}

fn subject_text(subject: &Subject, style: Style) -> String {
    let lapses = subject.lapses.map_or(String::new(), |d| {
        format!(" · holds no longer from {} on", day(d))
    });
    let excepted = subject.excepted.as_ref().map_or(String::new(), |e| {
        format!(" · excepted by {} until {}", e.approved_by, day(e.until))
    });
    format!(
        "  {} {}\n      {}\n      {}\n",
        style.shape(subject.verdict),
        subject.subject,
        style.fold(6, &subject.observed),
        style.faint(&format!("rule: {}{lapses}{excepted}", subject.rule))
    )
}
