//! The report of a campaign: people, systems, decisions, actions, proof, exceptions and gaps, each
//! number with its denominator; as JSON with a signature over its digest, and as text for people.
//!
//! The signature is a C2SP signed note by the vault's key over two digests, of the JSON and of the
//! text, so that whoever has the public key alone can check either file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standing_assess::{AsOf, Index};
use standing_vault::{PublicKey, Statement};

use super::proof::{Proof, proof, to_json as removal_json};
use super::rows::{MOST, Wanted, delta, rows};
use super::signals::signals;
use super::state::{Progress, State, state};
use super::{Reviewer, obstacles};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::text::{count, day, number};

/// What the note is about.
const ABOUT: &str = "access review report";
/// What stands before the note in the text.
const MARK: &str = "\n## Signature\n\n```\n";

/// A report, signed.
#[derive(Clone, Debug)]
pub struct Report {
    /// The JSON file: report, note, public key.
    pub json: String,
    /// The text file: Markdown with the note at its end.
    pub text: String,
}

/// Makes the report of a campaign as of a moment.
///
/// # Errors
/// When there is no such campaign, or the vault cannot sign.
pub fn report(home: &Home, index: &Index, id: &str, as_of: &AsOf) -> Result<Report, Failure> {
    let state = state(index, id, as_of)?;
    let proofs = proof(index, id, as_of)?;
    let body = body(home, index, &state, &proofs, as_of)?;
    let text = markdown(home, &state, &proofs, &body, as_of);
    let canonical = serde_json::to_string(&body).map_err(Failure::integrity)?;
    let statement = Statement {
        about: ABOUT.into(),
        lines: vec![
            id.to_owned(),
            format!("json sha256 {}", sha256(canonical.as_bytes())),
            format!("text sha256 {}", sha256(text.as_bytes())),
        ],
    };
    let note = home.vault.sign(&statement)?;
    let key = home.vault.public_key().to_string();
    let file = json!({ "note": note, "public_key": key, "report": body });
    Ok(Report {
        json: format!("{file:#}\n"),
        text: format!("{text}{MARK}{note}```\n\nPublic key: `{key}`\n"),
    })
}

/// Keeps a report in the vault.
///
/// # Errors
/// When the vault refuses.
pub fn keep_report(
    home: &Home,
    index: &Index,
    by: By<'_>,
    id: &str,
    report: &Report,
) -> Result<u64, Failure> {
    let file = home.vault.put_blob(report.json.as_bytes())?;
    let text = home.vault.put_blob(report.text.as_bytes())?;
    let body = json!({
        "campaign": id,
        "report": file.digest.reference(),
        "text": text.digest.reference(),
    });
    let entry = home.append(index, by, "campaign-reported", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// What checking a report found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The campaign that the report is about.
    pub campaign: String,
    /// The key that signed it.
    pub key: String,
}

/// Checks a report, of either form, with a public key alone.
///
/// # Errors
/// Why it does not verify.
pub fn verify_report(file: &str, key: &PublicKey) -> Result<Checked, String> {
    let (note, digest, which) = match file.trim_start().starts_with('{') {
        true => {
            let file: Value =
                serde_json::from_str(file).map_err(|e| format!("it is no report: {e}"))?;
            let note = file["note"].as_str().unwrap_or_default().to_owned();
            let body = serde_json::to_string(&file["report"]).map_err(|e| e.to_string())?;
            (note, sha256(body.as_bytes()), "json")
        }
        false => {
            let (text, rest) = file.rsplit_once(MARK).ok_or("it holds no signature")?;
            let note = rest.split_once("```").map_or(rest, |(note, _)| note);
            (note.to_owned(), sha256(text.as_bytes()), "text")
        }
    };
    let said = Statement::verify(&note, key, ABOUT).map_err(|e| e.to_string())?;
    let wanted = format!("{which} sha256 {digest}");
    if !said.lines.contains(&wanted) {
        return Err("its contents are not those that were signed".into());
    }
    Ok(Checked {
        campaign: said.lines.first().cloned().unwrap_or_default(),
        key: key.to_string(),
    })
}

/// The public key that a report names for itself: good for a look, and no proof.
pub fn named_key(file: &str) -> Option<String> {
    if file.trim_start().starts_with('{') {
        let file: Value = serde_json::from_str(file).ok()?;
        return file["public_key"].as_str().map(str::to_owned);
    }
    let (_, rest) = file.rsplit_once("Public key: `")?;
    Some(rest.split_once('`')?.0.to_owned())
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn progress(of: &Progress) -> Value {
    json!({
        "rows": of.rows, "reviewed": of.reviewed(), "keep": of.keep, "change": of.change,
        "remove": of.remove, "cannot_tell": of.cannot_tell, "not_reviewed": of.open,
    })
}

fn body(
    home: &Home,
    index: &Index,
    state: &State,
    proofs: &[Proof],
    as_of: &AsOf,
) -> Result<Value, Failure> {
    let campaign = &state.campaign;
    let details = &campaign.details;
    let id = campaign.id();
    let by_reviewer = state.by_reviewer.iter().map(|(reviewer, of)| {
        let mut value = progress(of);
        value["reviewer"] = json!(reviewer);
        value
    });
    let by_system = state.by_system.iter().map(|(system, of)| {
        let mut value = progress(of);
        value["system"] = json!(system);
        value
    });
    let late = delta(index, id)?;
    let late = late.iter().map(|late| {
        json!({ "system": late.system, "account": late.account, "login": late.login,
            "right": late.right, "seen_at": late.seen_at, "entry": late.entry })
    });
    let exceptions: Vec<Value> = proofs.iter().flat_map(exceptions).collect();
    Ok(json!({
        "form": 1,
        "organisation": home.config.organisation,
        "campaign": id,
        "title": details.title,
        "entry": campaign.head.entry,
        "opened_at": campaign.head.opened_at,
        "opened": details.opened,
        "due_on": details.due_on.to_string(),
        "closed_at": campaign.head.closed_at,
        "closed_entry": campaign.head.closed_entry,
        "as_of": as_of.instant,
        "made_at": AsOf::at(Timestamp::now()).instant,
        "stage": state.stage.as_str(),
        "obstacles": obstacles(state),
        "lead": details.lead,
        "population": {
            "systems": details.systems,
            "rows": details.rows,
            "accounts": details.accounts,
            "accounts_left_out_because_disabled": details.disabled,
            "people_who_work_here": details.people,
            "people_not_known_because": details.people_doubt,
            "sha256": details.sha256,
            "sources": details.sources,
            "complete": campaign.head.complete,
            "gaps": details.gaps,
            "opened_despite_gaps_because": details.despite_gaps,
            "notices": details.notices,
        },
        "progress": progress(&state.all),
        "by_reviewer": by_reviewer.collect::<Vec<_>>(),
        "by_system": by_system.collect::<Vec<_>>(),
        "removals": state.removals,
        "proof": proofs.iter().map(removal_json).collect::<Vec<_>>(),
        "exceptions": exceptions,
        "late_changes": late.collect::<Vec<_>>(),
        "signals": signals(index, id)?,
        "decisions": decisions(index, id)?,
    }))
}

fn exceptions(proof: &Proof) -> Vec<Value> {
    let granted = proof.acts.iter().filter(|act| act.expires_on.is_some());
    let each = granted.map(|act| {
        json!({ "row": proof.row.line.n, "entry": act.entry, "approved_by": act.approved_by,
            "expires_on": act.expires_on.map(|d| d.to_string()), "reason": act.note,
            "stands": proof.excepted })
    });
    each.collect()
}

/// Every row with what was last decided.
fn decisions(index: &Index, id: &str) -> Result<Vec<Value>, Failure> {
    let mut comments: BTreeMap<(u64, u64), (String, String)> = BTreeMap::new();
    for batch in index.review_batches(id, "decided")? {
        let details = super::entries::value(&batch.json);
        for item in details["items"].as_array().into_iter().flatten() {
            let comment = item["comment"].as_str().unwrap_or_default().to_owned();
            let n = item["row"].as_u64().unwrap_or(u64::MAX);
            comments.insert((n, batch.entry), (comment, batch.reviewer.clone()));
        }
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = rows(index, id, &Wanted::default(), after, MOST)?;
        for row in &page.rows {
            let line = &row.line;
            let said = row
                .decided_entry
                .and_then(|entry| comments.get(&(line.n, entry)));
            all.push(json!({
                "row": line.n,
                "system": line.system,
                "account": line.account,
                "login": line.login,
                "person": line.person.as_ref().and_then(|p| p.name.clone()),
                "privileged": line.is_privileged(),
                "suggestion": line.suggestion.as_str(),
                "reasons": line.reasons.iter().map(|r| &r.text).collect::<Vec<_>>(),
                "decision": row.decision.map(|d| d.as_str()),
                "decided_by": said.map(|(_, by)| by),
                "comment": said.map(|(comment, _)| comment).filter(|c| !c.is_empty()),
                "entry": row.decided_entry,
            }));
        }
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// A cell of a Markdown table: one line, nothing of it taken for marks.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in crate::text::plain(text).chars() {
        if matches!(
            c,
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#'
        ) {
            cell.push('\\');
        }
        cell.push(c);
    }
    cell
}

fn line(text: &mut String, cells: &[String]) {
    text.push_str("| ");
    text.push_str(&cells.join(" | "));
    text.push_str(" |\n");
}

fn table(text: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    line(
        text,
        &heads.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(),
    );
    line(
        text,
        &heads.iter().map(|_| "---".to_owned()).collect::<Vec<_>>(),
    );
    for row in rows {
        line(text, &row.iter().map(|c| cell(c)).collect::<Vec<_>>());
    }
    text.push('\n');
}

fn on(instant: &str) -> String {
    let parsed = instant.parse::<Timestamp>().ok();
    parsed.map_or_else(|| instant.to_owned(), |at| day(AsOf::at(at).date))
}

fn markdown(home: &Home, state: &State, proofs: &[Proof], body: &Value, as_of: &AsOf) -> String {
    let details = &state.campaign.details;
    let mut text = format!(
        "# {}\n\n{}, {}: **{}** as of {}\n\n",
        cell(&details.title),
        cell(&home.config.organisation),
        state.campaign.id(),
        state.stage.as_str(),
        day(as_of.date)
    );
    let mut say = |what: &str| {
        text.push_str("- ");
        text.push_str(what);
        text.push('\n');
    };
    say(&format!(
        "opened {} on {}, entry {}; due {}",
        details.opened,
        on(&state.campaign.head.opened_at),
        state.campaign.head.entry,
        day(details.due_on)
    ));
    if let (Some(at), Some(entry)) = (
        &state.campaign.head.closed_at,
        state.campaign.head.closed_entry,
    ) {
        say(&format!("closed on {}, entry {entry}", on(at)));
    }
    for obstacle in obstacles(state) {
        say(&format!("stands in the way: {obstacle}"));
    }
    say(&format!(
        "{} reviewed of {}: {} kept, {} to change, {} to remove; {} could not be told, {} not reviewed",
        number(state.all.reviewed()),
        count(state.all.rows, "row"),
        number(state.all.keep),
        number(state.all.change),
        number(state.all.remove),
        number(state.all.cannot_tell),
        number(state.all.open)
    ));
    say(&format!(
        "{} of {}; {} left out because they cannot sign in; {}",
        count(details.accounts, "account"),
        count(details.systems.len() as u64, "system"),
        number(details.disabled),
        cell(&details.people_in_words())
    ));
    for gap in &details.gaps {
        say(&format!("**GAP when it opened:** {}", cell(gap)));
    }
    if let Some(why) = &details.despite_gaps {
        say(&format!("opened despite the gaps, because: {}", cell(why)));
    }
    for notice in &details.notices {
        say(&format!("mind: {}", cell(notice)));
    }
    text.push_str("\n## Systems\n\n");
    progress_table(
        &mut text,
        "system",
        state.by_system.iter().map(|(s, p)| (s.clone(), p)),
    );
    text.push_str("## Reviewers\n\n");
    let reviewers = state.by_reviewer.iter().map(|(r, p)| (shown(r), p));
    progress_table(&mut text, "reviewer", reviewers);
    text.push_str("## Removals and their proof\n\n");
    removals(&mut text, state, proofs);
    sections(&mut text, body);
    text
}

fn shown(reviewer: &Reviewer) -> String {
    match (reviewer.email.as_str(), reviewer.name.as_str()) {
        ("", _) => "nobody".into(),
        (email, "") => email.to_owned(),
        (email, name) => format!("{name} ({email})"),
    }
}

fn progress_table<'s>(
    text: &mut String,
    what: &str,
    rows: impl Iterator<Item = (String, &'s Progress)>,
) {
    let heads = [
        what,
        "rows",
        "keep",
        "change",
        "remove",
        "cannot tell",
        "not reviewed",
    ];
    let rows = rows.map(|(name, of)| {
        let numbers = [
            of.rows,
            of.keep,
            of.change,
            of.remove,
            of.cannot_tell,
            of.open,
        ];
        let mut row = vec![name];
        row.extend(numbers.into_iter().map(number));
        row
    });
    table(text, &heads, rows);
}

fn removals(text: &mut String, state: &State, proofs: &[Proof]) {
    let of = &state.removals;
    text.push_str(&format!(
        "{}: {} gone, {} open, {} came back; {} excepted, {} overdue. Gone means: a later complete \
         reading of the same source did not show it.\n\n",
        count(of.all, "removal"),
        number(of.gone),
        number(of.open),
        number(of.came_back),
        number(of.excepted),
        number(of.overdue)
    ));
    let rows = proofs.iter().map(|proof| {
        let row = &proof.row.line;
        let steps = proof.removal.steps.iter().map(|step| {
            let word = if step.gone { "gone" } else { "came back" };
            format!("{word} on {} (entry {})", on(&step.at), step.entry)
        });
        let mut told: Vec<String> = steps.collect();
        if told.is_empty() {
            told.push("open".into());
        }
        for act in &proof.acts {
            told.push(match (&act.expires_on, act.ticket.as_str()) {
                (Some(until), _) => format!("excepted until {}: {}", day(*until), act.note),
                (None, "") => act.note.clone(),
                (None, _) => act.ticket_in_words(),
            });
        }
        vec![
            row.n.to_string(),
            row.system.clone(),
            row.login.clone(),
            proof.removal.decision.clone(),
            format!("{} (entry {})", on(&proof.removal.at), proof.removal.entry),
            told.join("; "),
        ]
    });
    table(
        text,
        &[
            "row",
            "system",
            "account",
            "decision",
            "decided on",
            "since",
        ],
        rows,
    );
}

fn sections(text: &mut String, body: &Value) {
    let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    text.push_str("## Came after the freezing, reviewed by nobody\n\n");
    let late = list("late_changes");
    text.push_str(&format!("{}\n\n", count(late.len() as u64, "late change")));
    let rows = late.iter().map(|late| {
        let what = late["right"].as_str().unwrap_or("the account");
        let first = late["seen_at"].as_str().map_or_else(String::new, on);
        vec![
            word(&late["system"]),
            word(&late["login"]),
            what.to_owned(),
            first,
        ]
    });
    table(text, &["system", "account", "what", "first read on"], rows);
    text.push_str("## How it was decided\n\n");
    let signals = list("signals");
    let rows = signals.iter().map(|one| {
        let signs = one["signs"].as_array().cloned().unwrap_or_default();
        let signs: Vec<String> = signs.iter().map(word).collect();
        vec![
            word(&one["reviewer"]["email"]),
            word(&one["decided"]),
            word(&one["kept"]),
            word(&one["bulk"]),
            word(&one["median_dwell_ms"]),
            signs.join("; "),
        ]
    });
    let heads = [
        "reviewer",
        "decided",
        "kept",
        "in bulk",
        "median ms a row",
        "worth a look",
    ];
    table(text, &heads, rows);
    text.push_str("## Every row\n\n");
    let rows = list("decisions").into_iter().map(|row| {
        vec![
            word(&row["row"]),
            word(&row["system"]),
            word(&row["login"]),
            word(&row["person"]),
            word(&row["suggestion"]),
            row["decision"]
                .as_str()
                .unwrap_or("not reviewed")
                .to_owned(),
            word(&row["decided_by"]),
            word(&row["comment"]),
        ]
    });
    let heads = [
        "row",
        "system",
        "account",
        "person",
        "suggested",
        "decided",
        "by",
        "comment",
    ];
    table(text, &heads, rows);
    text.push_str("## Sources\n\n");
    let sources = body["population"]["sources"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let rows = sources.iter().map(|one| {
        vec![
            word(&one["source"]),
            word(&one["table"]),
            word(&one["entry"]),
            one["collected_at"].as_str().map_or_else(String::new, on),
            word(&one["gap"]),
        ]
    });
    table(
        text,
        &["source", "tells of", "entry", "read on", "gap"],
        rows,
    );
}
