//! Deciding rows: what was decided, by whom, about what was on screen. Decided again, the last word
//! counts, and the earlier ones stay.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use standing_assess::{AsOf, Index};

use super::proof::settle_one;
use super::reviewers::is_own;
use super::rows::{Row, some};
use super::{Campaign, Decision, Reviewer, Stage, Suggestion, campaign, state};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::text::count;

/// Most rows that one entry decides.
const MOST: usize = 5_000;

/// What is decided of one row.
#[derive(Clone, Debug)]
pub struct Item {
    /// The row.
    pub row: u64,
    /// What is decided.
    pub decision: Decision,
    /// For *change*: the ids of the rights that are to go.
    pub rights: Vec<String>,
    /// Why; may be empty where nothing demands it.
    pub comment: String,
}

/// What one reviewer decides at once.
#[derive(Clone, Debug, Default)]
pub struct Answers<'a> {
    /// The campaign.
    pub campaign: &'a str,
    /// Who decides, by e-mail.
    pub reviewer: &'a str,
    /// Row by row.
    pub items: Vec<Item>,
    /// Whether one stroke decided them all, and no row by itself.
    pub bulk: bool,
    /// Instant at which the rows came on screen, RFC 3339.
    pub shown_at: Option<String>,
    /// Milliseconds that they were on screen.
    pub dwell_ms: Option<u64>,
    /// Whether the reviewer opened what lies behind the rows before deciding; `None`: not known.
    pub evidence: Option<bool>,
}

/// Keeps decisions. A removal starts its clock with the entry.
///
/// # Errors
/// Each row that may not be decided so, with why: it is the reviewer's own, somebody else's, lacks a
/// comment or the rights that are to go, or may not be kept in bulk. Of no row once the campaign has
/// closed.
pub fn decide(
    home: &Home,
    index: &Index,
    by: By<'_>,
    answers: &Answers<'_>,
) -> Result<u64, Failure> {
    let campaign = campaign(index, answers.campaign)?;
    if state(index, campaign.id(), &AsOf::at(Timestamp::now()))?.stage == Stage::Closed {
        return Err(
            Failure::usage("this review has closed: its decisions stand")
                .hint("what is to change since then is decided in the next one")
                .at("campaign"),
        );
    }
    let reviewer = who(index, &campaign, answers.reviewer)?;
    bounded(answers)?;
    let wanted: Vec<u64> = answers.items.iter().map(|item| item.row).collect();
    let rows = some(index, campaign.id(), &wanted)?;
    let mut refused: Vec<(u64, String)> = Vec::new();
    let mut items: Vec<Value> = Vec::new();
    for item in &answers.items {
        let Some(row) = rows.iter().find(|row| row.line.n == item.row) else {
            continue;
        };
        match checked(&campaign, &reviewer, row, item) {
            Ok(value) => items.push(value),
            Err(why) => refused.push((item.row, why)),
        }
    }
    if answers.bulk {
        let kept = answers
            .items
            .iter()
            .filter(|i| i.decision == Decision::Keep);
        let kept: Vec<u64> = kept.map(|i| i.row).collect();
        let kept: Vec<&Row> = rows.iter().filter(|r| kept.contains(&r.line.n)).collect();
        refused.extend(bulk_refusals(&kept));
    }
    refuse(refused)?;
    let details = json!({
        "reviewer": reviewer,
        "items": items,
        "shown_at": answers.shown_at,
        "dwell_ms": answers.dwell_ms,
        "evidence": answers.evidence,
        "bulk": if answers.bulk { items.len() } else { 0 },
    });
    let kept = home.vault.put_blob(details.to_string().as_bytes())?;
    let body = json!({
        "campaign": campaign.id(),
        "rows": items.len(),
        "details": kept.digest.reference(),
    });
    let entry = home.append(index, by, "campaign-decided", body)?;
    project::catch_up(&home.vault, index)?;
    // The last answer may be all that was missing.
    let closed = settle_one(home, index, by, campaign.id())?;
    Ok(closed.unwrap_or(entry.seq))
}

fn bounded(answers: &Answers<'_>) -> Result<(), Failure> {
    if answers.items.is_empty() {
        return Err(Failure::usage("no row is named").at("row"));
    }
    if answers.items.len() > MOST {
        return Err(Failure::usage(format!(
            "{} at once: at most {MOST}",
            count(answers.items.len() as u64, "row")
        ))
        .at("row"));
    }
    let mut rows: Vec<u64> = answers.items.iter().map(|item| item.row).collect();
    rows.sort_unstable();
    match rows.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(Failure::usage(format!("row {} is decided twice", twice[0])).at("row")),
        None => Ok(()),
    }
}

fn refuse(mut refused: Vec<(u64, String)>) -> Result<(), Failure> {
    if refused.is_empty() {
        return Ok(());
    }
    refused.sort();
    refused.dedup();
    let told: Vec<String> = refused
        .iter()
        .take(10)
        .map(|(n, why)| format!("row {n}: {why}"))
        .collect();
    let more = match refused.len() - told.len() {
        0 => String::new(),
        more => format!("; and {}", count(more as u64, "more refusal")),
    };
    let mut failure = Failure::usage(format!("nothing was kept: {}{more}", told.join("; ")));
    failure.fields = refused
        .into_iter()
        .map(|(n, why)| (format!("row-{n}"), why))
        .collect();
    Err(failure)
}

/// Who decides: a reviewer in line, the lead, or anybody whose e-mail is given, with the person they
/// are where a source knows them.
///
/// # Errors
/// When no e-mail is given.
pub(super) fn who(index: &Index, campaign: &Campaign, email: &str) -> Result<Reviewer, Failure> {
    let email = email.trim().to_lowercase();
    if !email.contains('@') {
        return Err(Failure::usage("who decides must be given by e-mail")
            .hint("--reviewer E-MAIL: nobody may decide about their own access")
            .at("reviewer"));
    }
    let known = campaign.known(&email).cloned().unwrap_or(Reviewer {
        email: email.clone(),
        ..Reviewer::default()
    });
    let person = match known.person {
        Some(person) => Some(person),
        None => index.person_by_email(&email)?,
    };
    Ok(Reviewer { person, ..known })
}

/// An item as it is kept.
fn checked(
    campaign: &Campaign,
    reviewer: &Reviewer,
    row: &Row,
    item: &Item,
) -> Result<Value, String> {
    may_decide(campaign, reviewer, row)?;
    let comment = item.comment.trim();
    if comment.is_empty()
        && let Some(why) = needs_comment(row, item.decision)
    {
        return Err(format!("a comment is needed: {why}"));
    }
    let mut kept = json!({ "row": item.row, "decision": item.decision.as_str() });
    if !comment.is_empty() {
        kept["comment"] = json!(comment);
    }
    match item.decision {
        Decision::Change => kept["rights"] = json!(rights(row, item)?),
        Decision::NotMine => kept["to"] = json!(sent_on(campaign, row)?),
        _ => {}
    }
    Ok(kept)
}

fn may_decide(campaign: &Campaign, reviewer: &Reviewer, row: &Row) -> Result<(), String> {
    if is_own(&row.line, reviewer) {
        return Err("it is the reviewer's own access, which somebody else decides".into());
    }
    let theirs = row.reviewer.eq_ignore_ascii_case(&reviewer.email);
    let today = AsOf::at(Timestamp::now()).date;
    if theirs
        || campaign.is_lead(&reviewer.email)
        || is_added(campaign, row, &reviewer.email, today)
    {
        return Ok(());
    }
    let whose = match row.reviewer.as_str() {
        "" => "nobody is to decide it yet".to_owned(),
        email => format!("it is {email} who is to decide it"),
    };
    Err(format!("{whose}: reassign it with a note first"))
}

/// Whether rows wait for so long that they are told to the next in line too.
fn is_escalated(campaign: &Campaign, today: Date) -> bool {
    let after = campaign.details.escalate_after_days;
    let opened = campaign.opened_on();
    opened.is_some_and(|day| day.saturating_add(after.days()) <= today)
}

/// Whether somebody may decide a row beside its reviewer: it waited for so long that it was told to the
/// next in line too, and that is who they are.
pub fn is_added(campaign: &Campaign, row: &Row, email: &str, today: Date) -> bool {
    let next = row.next_in_line();
    row.decision.is_none()
        && is_escalated(campaign, today)
        && next.is_some_and(|next| next.eq_ignore_ascii_case(email))
}

/// The rows that somebody may decide as [`is_added`] says, in their order, from behind the row `after`
/// on; at most `most`.
///
/// # Errors
/// When the index cannot be read.
pub fn added(
    index: &Index,
    campaign: &Campaign,
    email: &str,
    today: Date,
    after: Option<u64>,
    most: usize,
) -> Result<Vec<u64>, Failure> {
    match !email.is_empty() && is_escalated(campaign, today) {
        true => Ok(index.review_next(campaign.id(), email, after, most)?),
        false => Ok(Vec::new()),
    }
}

/// Why a decision needs a comment, if it does.
pub fn needs_comment(row: &Row, decision: Decision) -> Option<&'static str> {
    match decision {
        Decision::Keep if row.line.suggestion == Suggestion::Remove => {
            Some("it is kept though something speaks for its going")
        }
        Decision::Keep if row.line.is_privileged() => Some("privileged access is kept"),
        Decision::Change => Some("say what is to change"),
        Decision::CannotTell => Some("say what would have to be known"),
        _ => None,
    }
}

/// The rights that are to go: some of those that the row holds.
fn rights(row: &Row, item: &Item) -> Result<Vec<String>, String> {
    let held: Vec<&str> = row.line.rights.iter().map(|r| r.id.as_str()).collect();
    if let Some(stranger) = item.rights.iter().find(|r| !held.contains(&r.as_str())) {
        return Err(format!("it holds no right {stranger:?}"));
    }
    if item.rights.is_empty() {
        return Err("a change names the rights that are to go; to end it whole, remove it".into());
    }
    Ok(item.rights.clone())
}

fn sent_on(campaign: &Campaign, row: &Row) -> Result<String, String> {
    if let Some(next) = row.next_in_line() {
        return Ok(next.to_owned());
    }
    let lead = campaign.details.lead.as_ref();
    match lead.filter(|lead| !lead.email.eq_ignore_ascii_case(&row.reviewer)) {
        Some(lead) if !is_own(&row.line, lead) => Ok(lead.email.clone()),
        _ => Err("nobody is left in line: assign it to somebody with a note".into()),
    }
}

/// The rows that may not be kept in bulk, each with why. Only rows that are unchanged since the last
/// review, not privileged, suggested to be kept and alike in system, rights and job title may.
pub fn bulk_refusals(rows: &[&Row]) -> Vec<(u64, String)> {
    let mut refused = Vec::new();
    let Some(first) = rows.first() else {
        return refused;
    };
    for row in rows {
        let line = &row.line;
        let why = if line.is_privileged() {
            "privileged access is kept one by one"
        } else if line.suggestion != Suggestion::Keep {
            "something speaks against keeping it, so it is looked at by itself"
        } else if line.changed == "first review" {
            "no earlier review of this system stands behind it"
        } else if line.changed != "unchanged" {
            "it changed since the last review"
        } else if line.alike != first.line.alike {
            "it is not like the first of them in system, rights and job title"
        } else {
            continue;
        };
        refused.push((line.n, format!("not in bulk: {why}")));
    }
    refused
}
