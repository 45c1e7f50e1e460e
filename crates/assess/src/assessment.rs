//! The assessment: what could truthfully be published as of a day, why not more, and what lapses.
//!
//! A pure function of the estate as of a moment, the catalogue, the edition, the profile and the
//! checks. The same function with a later day is the forecast.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use standing_facts::GapCode;

use crate::catalogue::{Asked, Binding, Catalogue, Item, Mandatory, Scheme};
use crate::check::{Check, CheckError, CheckResult, Reason, Verdict};
use crate::estate::Estate;
use crate::lapses::{Lapse, lapses};
use crate::time::long_date;

/// What an item's answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Checks over the firm's own systems, and a person's statement for what no machine can see.
    Measured,
    /// A person's statement alone.
    Attested,
    /// There was a proof or a statement, and it is too old.
    Lapsed,
    /// Nothing carries an answer.
    Unsupported,
    /// A person states one thing and the systems another.
    Contradicted,
}

impl Basis {
    /// The word used on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Measured => "measured",
            Basis::Attested => "attested",
            Basis::Lapsed => "lapsed",
            Basis::Unsupported => "unsupported",
            Basis::Contradicted => "contradicted",
        }
    }
}

/// A person's statement about an item, as the records hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `yes`, `no` or `not applicable`.
    pub answer: String,
    /// What is stated.
    pub statement: String,
    /// Who states it.
    pub stated_by: String,
    /// In what role.
    pub role: String,
    /// Day of the statement.
    pub stated_on: Date,
    /// Last day on which it may be relied upon.
    pub expires_on: Date,
    /// Vault entry.
    pub entry: u64,
}

/// One item as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct ItemStanding {
    /// `4.2.4`.
    pub item: String,
    /// Our own short title.
    pub title: String,
    /// `yes`, `no` or `unknown`: whether it must be answered to publish under this profile.
    pub mandatory: &'static str,
    /// `yes` or `unknown`: whether it is asked of this profile at all.
    pub asked: &'static str,
    /// How sure we are of that.
    pub certainty: &'static str,
    /// `met`, `not met`, `unknown` or `not applicable`.
    #[serde(serialize_with = "verdict_word")]
    pub verdict: Verdict,
    /// What the verdict rests on.
    pub basis: Basis,
    /// Why, in one plain sentence.
    pub reason: String,
    /// The part of the reason that names a subject, which may be a person's account.
    #[serde(skip)]
    pub named: String,
    /// Whose turn it is, where something is to be done.
    pub turn: Option<String>,
    /// The checks that carry it.
    pub checks: Vec<String>,
    /// Vault entries that the verdict rests on.
    pub evidence: Vec<u64>,
    /// The first day on which today's answer no longer stands, if nothing is done.
    pub lapses_on: Option<Date>,
    /// What lapses then.
    pub lapses_because: Option<String>,
    /// The statement in force or last in force.
    pub statement: Option<Statement>,
    /// Certificate that waives the item, if one does.
    pub waived_by: Option<String>,
}

impl ItemStanding {
    /// Whether the item must be met for a truthful publication: it is mandatory, or it is asked
    /// and nobody has told us that it is not mandatory. An item of which it is not even known
    /// whether it is asked is shown, and does not bind.
    pub fn binds(&self) -> bool {
        self.mandatory != "no" && self.asked == "yes"
    }

    /// The reason as it may be told: without the subject it names to whoever may not see people.
    pub fn reason_for(&self, personal: bool) -> String {
        if personal || self.named.is_empty() {
            self.reason.clone()
        } else {
            self.reason.replacen(&self.named, "", 1)
        }
    }

    /// Whether the item stands in the way of publishing.
    pub fn in_the_way(&self) -> bool {
        self.binds() && !matches!(self.verdict, Verdict::Met | Verdict::NotApplicable)
    }
}

fn verdict_word<S: serde::Serializer>(verdict: &Verdict, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(verdict.as_str())
}

/// A check that could not be used, with the reason: it stops nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// Its name.
    pub name: String,
    /// What is wrong and on which line.
    pub error: CheckError,
}

/// What could truthfully be published as of a day.
#[derive(Debug)]
pub struct Assessment {
    /// The day.
    pub as_of: Date,
    /// Edition by which it was judged.
    pub edition: String,
    /// Profile.
    pub profile: String,
    /// Items in their order.
    pub items: Vec<ItemStanding>,
    /// Every check's result, by name.
    pub checks: BTreeMap<String, CheckResult>,
    /// Checks that could not be used.
    pub faulty: Vec<Faulty>,
    /// What ends by the passing of time, soonest first.
    pub lapses: Vec<Lapse>,
    /// What configured sources do not completely tell, each a sentence that begins with the source.
    pub gaps: Vec<String>,
    /// Readings that went wrong since the complete one that is relied upon, likewise.
    pub warnings: Vec<String>,
}

impl Assessment {
    /// Ready: nothing that binds, or may bind, stands in the way.
    pub fn ready(&self) -> bool {
        self.items.iter().any(ItemStanding::binds)
            && !self.items.iter().any(ItemStanding::in_the_way)
    }

    /// How many items that bind have this verdict.
    pub fn binding_with(&self, verdict: Verdict) -> usize {
        self.items
            .iter()
            .filter(|i| i.binds() && i.verdict == verdict)
            .count()
    }

    /// How many items bind, or may.
    pub fn binding(&self) -> usize {
        self.items.iter().filter(|i| i.binds()).count()
    }
}

/// Judges the estate.
///
/// # Errors
/// When SQLite refuses; a faulty check is a result, not an error.
pub fn assess(
    estate: &Estate<'_>,
    catalogue: &Catalogue,
    edition: &str,
    profile: &str,
    checks: &[Check],
) -> rusqlite::Result<Assessment> {
    let mut results = BTreeMap::new();
    let mut faulty = Vec::new();
    for check in checks {
        if let Err(error) = check.lint(estate) {
            faulty.push(Faulty {
                name: check.name.clone(),
                error,
            });
            continue;
        }
        results.insert(check.name.clone(), check.run(estate));
    }
    let by_name: BTreeMap<&str, &Check> = checks.iter().map(|c| (c.name.as_str(), c)).collect();
    let certificates = own_certificates(estate)?;
    let mut items = Vec::new();
    for (item, binding) in catalogue.items_for(edition, profile) {
        let statement = statement(estate, &item.reference.to_string(), item.renew_months)?;
        let waived_by = certificates
            .iter()
            .find(|(scheme, _, _)| {
                Scheme::parse(scheme).is_some_and(|scheme| {
                    catalogue
                        .exempt(edition, profile, scheme)
                        .contains(&item.reference)
                })
            })
            .cloned();
        let judge = Judge {
            estate,
            checks: &by_name,
            results: &results,
            item,
        };
        items.push(judge.standing(binding, statement, waived_by));
    }
    let lapses = lapses(estate, &items, &results, &by_name);
    let states = || {
        let tables = standing_facts::tables::ALL.iter();
        tables.flat_map(|table| estate.sources_of(table.name))
    };
    let gaps: BTreeSet<String> = states()
        .filter_map(|source| Some(source.gap.as_ref()?.detail.clone()))
        .collect();
    let warnings: BTreeSet<String> = states()
        .filter_map(|source| source.warning.clone())
        .collect();
    Ok(Assessment {
        as_of: estate.as_of.date,
        edition: edition.to_owned(),
        profile: profile.to_owned(),
        items,
        checks: results,
        faulty,
        lapses,
        gaps: gaps.into_iter().collect(),
        warnings: warnings.into_iter().collect(),
    })
}

/// Scheme, last day and entry of our own certificates in force whose scope covers all care data.
fn own_certificates(estate: &Estate<'_>) -> rusqlite::Result<Vec<(String, Date, u64)>> {
    let mut statement = estate.connection().prepare(
        "select scheme, expires_on, entry from certificate
         where holder = 'self' and covers_all_care_data = 1 and expires_on >= ?1
           and issued_on <= ?1
         order by expires_on desc",
    )?;
    let rows = statement.query_map([estate.as_of.date.to_string()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?.cast_unsigned(),
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (scheme, until, entry) = row?;
        if let Ok(until) = until.parse() {
            found.push((scheme, until, entry));
        }
    }
    Ok(found)
}

/// The newest statement about an item. A statement without a last day lasts as long as the
/// catalogue lets one be relied upon.
fn statement(
    estate: &Estate<'_>,
    item: &str,
    renew_months: u16,
) -> rusqlite::Result<Option<Statement>> {
    let mut query = estate.connection().prepare_cached(
        "select answer, coalesce(statement, ''), coalesce(stated_by, ''), coalesce(role, ''),
           stated_on, coalesce(expires_on, add_months(stated_on, ?3)), entry
         from attestation where item = ?1 and stated_on <= ?2
         order by stated_on desc, entry desc limit 1",
    )?;
    let mut rows = query.query((item, estate.as_of.date.to_string(), renew_months))?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let day = |i: usize| -> rusqlite::Result<Date> {
        let text: String = row.get(i)?;
        text.parse().map_err(|_| rusqlite::Error::InvalidQuery)
    };
    Ok(Some(Statement {
        answer: row.get(0)?,
        statement: row.get(1)?,
        stated_by: row.get(2)?,
        role: row.get(3)?,
        stated_on: day(4)?,
        expires_on: day(5)?,
        entry: row.get::<_, i64>(6)?.cast_unsigned(),
    }))
}

/// Everything one item's verdict depends on.
struct Judge<'a, 'e> {
    estate: &'a Estate<'e>,
    checks: &'a BTreeMap<&'a str, &'a Check>,
    results: &'a BTreeMap<String, CheckResult>,
    item: &'a Item,
}

/// A verdict with its basis, reason and whose turn it is.
struct Finding {
    verdict: Verdict,
    basis: Basis,
    reason: String,
    named: String,
    turn: Option<String>,
}

impl Finding {
    fn new(verdict: Verdict, basis: Basis, reason: String, turn: Option<&str>) -> Self {
        Finding {
            verdict,
            basis,
            reason,
            named: String::new(),
            turn: turn.map(str::to_owned),
        }
    }

    /// The same, with the part of the reason that names a subject.
    fn naming(self, named: String) -> Self {
        Finding { named, ..self }
    }
}

impl Judge<'_, '_> {
    fn standing(
        &self,
        binding: &Binding,
        statement: Option<Statement>,
        waived_by: Option<(String, Date, u64)>,
    ) -> ItemStanding {
        let finding = match &waived_by {
            Some((scheme, until, _)) => Finding::new(
                Verdict::NotApplicable,
                Basis::Measured,
                format!(
                    "Waived by the firm's own {scheme} certificate, valid until {}.",
                    long_date(*until)
                ),
                None,
            ),
            None => self.finding(statement.as_ref()),
        };
        let (lapses_on, lapses_because) = self
            .first_lapse(&finding, statement.as_ref(), waived_by.as_ref())
            .unzip();
        ItemStanding {
            item: self.item.reference.to_string(),
            title: self.item.title.clone(),
            mandatory: match binding.mandatory {
                Mandatory::Yes => "yes",
                Mandatory::No => "no",
                Mandatory::Unknown | Mandatory::NotAsked => "unknown",
            },
            asked: if binding.asked() == Asked::Yes {
                "yes"
            } else {
                "unknown"
            },
            certainty: binding.certainty.as_str(),
            evidence: self.evidence(statement.as_ref(), waived_by.as_ref()),
            verdict: finding.verdict,
            basis: finding.basis,
            reason: finding.reason,
            named: finding.named,
            turn: finding.turn,
            checks: self.item.checks.clone(),
            lapses_on,
            lapses_because,
            statement,
            waived_by: waived_by.map(|(scheme, _, _)| scheme),
        }
    }

    fn results(&self) -> impl Iterator<Item = &CheckResult> {
        self.item
            .checks
            .iter()
            .filter_map(|name| self.results.get(name))
    }

    fn claim<'r>(&'r self, result: &'r CheckResult) -> &'r str {
        self.checks
            .get(result.name.as_str())
            .map_or(result.name.as_str(), |c| c.claim.as_str())
    }

    fn finding(&self, statement: Option<&Statement>) -> Finding {
        let in_force = statement.filter(|s| s.expires_on >= self.estate.as_of.date);
        let missing: Vec<&String> = self
            .item
            .checks
            .iter()
            .filter(|name| !self.results.contains_key(*name))
            .collect();
        if let Some(name) = missing.first() {
            return Finding::new(
                Verdict::Unknown,
                Basis::Unsupported,
                format!("The check {name} cannot be used."),
                Some("whoever keeps the checks"),
            );
        }
        if let Some(failing) = self.worst_not_met() {
            return self.not_met(failing, in_force);
        }
        if let Some(s) = in_force.filter(|s| s.answer == "not applicable")
            && self.item.not_applicable_allowed
        {
            return Finding::new(
                Verdict::NotApplicable,
                Basis::Attested,
                format!("Stated not to apply: {}", sentence(&s.statement)),
                None,
            );
        }
        // Where a complete reading found nothing to judge, a person may say that there is nothing.
        let answered = |r: &&CheckResult| {
            r.reason == Reason::Empty && in_force.is_some_and(|s| s.answer == "yes")
        };
        if let Some(open) = self
            .results()
            .find(|r| r.verdict == Verdict::Unknown && !answered(r))
        {
            return self.unknown(open);
        }
        if self.results().any(|r| r.verdict == Verdict::Met) {
            return self.measured(statement, in_force);
        }
        self.stated(statement, in_force)
    }

    fn worst_not_met(&self) -> Option<&CheckResult> {
        self.results()
            .filter(|r| r.verdict == Verdict::NotMet)
            .max_by_key(|r| r.count(Verdict::NotMet) - r.excepted)
    }

    fn not_met(&self, failing: &CheckResult, in_force: Option<&Statement>) -> Finding {
        let failed = failing.count(Verdict::NotMet) - failing.excepted;
        let which = if failed > 1 { "First" } else { "Namely" };
        let first = failing
            .subjects
            .iter()
            .find(|s| s.verdict == Verdict::NotMet && s.excepted.is_none())
            .map_or(String::new(), |s| format!(" {which}: {}.", named(s)));
        let others = self
            .results()
            .filter(|r| r.verdict == Verdict::NotMet)
            .count()
            - 1;
        let more = match others {
            0 => String::new(),
            1 => " One more check of this item fails.".into(),
            n => format!(" {n} more checks of this item fail."),
        };
        let claimed = in_force.filter(|s| s.answer != "no");
        let said = claimed.map_or(String::new(), |s| {
            format!(" A statement of {} says otherwise.", long_date(s.stated_on))
        });
        let reason = format!(
            "{failed} of {} fail{}: \u{201c}{}\u{201d}{first}{more}{said}",
            failing.total(),
            if failed == 1 { "s" } else { "" },
            sentence(self.claim(failing)),
        );
        let basis = if claimed.is_some() {
            Basis::Contradicted
        } else {
            Basis::Measured
        };
        Finding::new(
            Verdict::NotMet,
            basis,
            reason,
            Some("whoever looks after what is named"),
        )
        .naming(first)
    }

    fn unknown(&self, open: &CheckResult) -> Finding {
        let stale = !open.gaps.is_empty() && open.gaps.iter().all(|g| g.code == GapCode::Stale);
        let basis = if stale {
            Basis::Lapsed
        } else {
            Basis::Unsupported
        };
        let mut naming = String::new();
        let (why, turn) = match (&open.reason, open.gaps.first()) {
            (Reason::Faulty(why), _) => (
                format!("the check could not be run: {why}"),
                "whoever keeps the checks",
            ),
            (Reason::Gap, Some(gap)) => (gap.detail.clone(), "whoever looks after the sources"),
            (Reason::Empty, _) => (
                "nothing was found to judge; if that is right, a person may state so".to_owned(),
                "the SIRO, or whoever looks after the sources",
            ),
            _ => {
                let first = open.subjects.iter().find(|s| s.verdict == Verdict::Unknown);
                naming = first.map_or(String::new(), |s| format!(", first {}", named(s)));
                (
                    format!(
                        "{} of {} could not be judged{naming}",
                        open.count(Verdict::Unknown),
                        open.total()
                    ),
                    "whoever looks after the sources",
                )
            }
        };
        Finding::new(
            Verdict::Unknown,
            basis,
            format!(
                "It cannot be told whether this holds: \u{201c}{}\u{201d} {}.",
                sentence(self.claim(open)),
                capital(why.trim_end_matches('.'))
            ),
            Some(turn),
        )
        .naming(naming)
    }

    /// The measured part holds; what no machine can see may still want a person.
    fn measured(&self, statement: Option<&Statement>, in_force: Option<&Statement>) -> Finding {
        let met: Vec<String> = self
            .results()
            .filter(|r| r.verdict == Verdict::Met)
            .map(|r| {
                let excepted = match r.excepted {
                    0 => String::new(),
                    n => format!(", {n} of them by an approved exception"),
                };
                let judged = r.count(Verdict::Met) + r.excepted;
                format!(
                    "{} ({judged} of {}{excepted})",
                    sentence(self.claim(r)).trim_end_matches('.'),
                    r.total()
                )
            })
            .collect();
        let holds = format!("{}.", met.join("; "));
        if !self.item.statement_needed {
            return Finding::new(Verdict::Met, self.basis(), holds, None);
        }
        match in_force {
            Some(s) if s.answer == "yes" => Finding::new(
                Verdict::Met,
                self.basis(),
                format!(
                    "{holds} Stated by {} on {}.",
                    who(s),
                    long_date(s.stated_on)
                ),
                None,
            ),
            Some(s) => denied(s),
            None => {
                self.statement_missing(statement, &format!(" The measured part holds: {holds}"))
            }
        }
    }

    /// Measured, unless everything that the checks saw was written down by hand.
    fn basis(&self) -> Basis {
        let mut sources = self
            .item
            .checks
            .iter()
            .filter_map(|name| self.checks.get(name.as_str()))
            .flat_map(|check| check.tables())
            .flat_map(Estate::behind)
            .flat_map(|table| self.estate.sources_of(table));
        if sources.any(|s| s.source != crate::index::RECORDS) {
            Basis::Measured
        } else {
            Basis::Attested
        }
    }

    fn stated(&self, statement: Option<&Statement>, in_force: Option<&Statement>) -> Finding {
        match in_force {
            Some(s) if s.answer == "yes" => Finding::new(
                Verdict::Met,
                Basis::Attested,
                format!(
                    "Stated by {} on {}: {}",
                    who(s),
                    long_date(s.stated_on),
                    sentence(&s.statement)
                ),
                None,
            ),
            Some(s) if s.answer == "not applicable" => Finding::new(
                Verdict::Unknown,
                Basis::Unsupported,
                "Stated not to apply, but the toolkit is not known to allow that for this item."
                    .into(),
                Some("the SIRO"),
            ),
            Some(s) => denied(s),
            None => self.statement_missing(statement, ""),
        }
    }

    fn statement_missing(&self, statement: Option<&Statement>, measured: &str) -> Finding {
        let wanted = self
            .item
            .still_needs
            .first()
            .map_or_else(|| "that it is so.".to_owned(), |s| sentence(s));
        match statement {
            Some(s) => Finding::new(
                Verdict::Unknown,
                Basis::Lapsed,
                format!(
                    "The statement of {} could be relied upon until {}.{measured}",
                    long_date(s.stated_on),
                    long_date(s.expires_on)
                ),
                Some("the SIRO, to state it anew"),
            ),
            None => Finding::new(
                Verdict::Unknown,
                Basis::Unsupported,
                format!("A person must state: {wanted}{measured}"),
                Some("the SIRO"),
            ),
        }
    }

    /// The first day on which today's answer no longer stands, and what ends then.
    fn first_lapse(
        &self,
        finding: &Finding,
        statement: Option<&Statement>,
        waived_by: Option<&(String, Date, u64)>,
    ) -> Option<(Date, String)> {
        if !matches!(finding.verdict, Verdict::Met | Verdict::NotApplicable) {
            return None;
        }
        if let Some((scheme, until, _)) = waived_by {
            return Some((
                day_after(*until),
                format!("the {scheme} certificate expires"),
            ));
        }
        let stated = statement
            .filter(|_| self.item.statement_needed || finding.basis == Basis::Attested)
            .map(|s| (day_after(s.expires_on), "the statement expires".to_owned()));
        let measured = self
            .results()
            .filter(|r| {
                !self
                    .checks
                    .get(r.name.as_str())
                    .is_some_and(|c| c.renewed_by_reading)
            })
            .filter_map(|r| Some((turns(r)?, sentence(self.claim(r)))))
            .map(|(day, claim)| (day, format!("no longer holds: {claim}")));
        stated.into_iter().chain(measured).min()
    }

    fn evidence(
        &self,
        statement: Option<&Statement>,
        waived_by: Option<&(String, Date, u64)>,
    ) -> Vec<u64> {
        let mut entries: BTreeSet<u64> = statement.map(|s| s.entry).into_iter().collect();
        entries.extend(waived_by.map(|(_, _, entry)| *entry));
        for name in &self.item.checks {
            for table in self
                .checks
                .get(name.as_str())
                .into_iter()
                .flat_map(|c| c.tables())
            {
                for behind in Estate::behind(table) {
                    entries.extend(
                        self.estate
                            .sources_of(behind)
                            .iter()
                            .filter_map(|s| s.entry),
                    );
                }
            }
        }
        entries.into_iter().collect()
    }
}

/// A person says that it is not so.
fn denied(statement: &Statement) -> Finding {
    Finding::new(
        Verdict::NotMet,
        Basis::Attested,
        format!(
            "{} states that it is not so: {}",
            who(statement),
            sentence(&statement.statement)
        ),
        Some("whoever made the statement"),
    )
}

/// The first day on which a met check turns.
fn turns(result: &CheckResult) -> Option<Date> {
    (result.verdict == Verdict::Met)
        .then(|| result.lapses.keys().next().copied())
        .flatten()
}

fn who(statement: &Statement) -> String {
    match (statement.stated_by.as_str(), statement.role.as_str()) {
        ("", "") => "an unnamed person".into(),
        ("", role) => role.to_owned(),
        (name, "") => name.to_owned(),
        (name, role) => format!("{name} ({role})"),
    }
}

/// A subject and the value seen; the subject is left out where the value names it.
fn named(subject: &crate::check::Subject) -> String {
    let seen = subject.observed.trim_end_matches('.');
    if seen.contains(&subject.subject) || subject.subject.is_empty() {
        seen.to_owned()
    } else {
        format!("{}: {seen}", subject.subject)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

pub(crate) fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}
