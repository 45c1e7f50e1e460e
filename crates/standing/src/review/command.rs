//! `standing review …`.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use standing_assess::{AsOf, Index};
use standing_vault::PublicKey;

use super::proof::{self, Proof};
use super::rows::{Past, Row, Wanted};
use super::state::{Progress, Stage, State};
use super::{
    Acting, Answers, Assigning, Decision, Duty, Item, Opened, Opening, Reviewer, Why, obstacles,
};
use crate::cli::review::{Act, Assign, Decide, Open, ReviewCommand, Rows};
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::judge;
use crate::text::{Style, count, day, number, plain, table};
use crate::tickets;

/// Runs `standing review …`.
///
/// # Errors
/// When it could not be told, or was refused.
pub fn command(global: &Global, command: &ReviewCommand) -> Result<u8, Failure> {
    let format = global.format;
    if let ReviewCommand::Verify { file, public_key } = command {
        return verify(global, file, public_key.as_deref());
    }
    let home = Home::open(&Home::find(global.dir.as_deref())?)?;
    let index = home.index()?;
    match command {
        ReviewCommand::List => list(&index, format),
        ReviewCommand::Open(asked) => open(&home, &index, asked, format),
        ReviewCommand::Show { id } => show(&index, id, format),
        ReviewCommand::Rows(asked) => rows(&index, asked, format),
        ReviewCommand::Decide(asked) => decide(&home, &index, asked, format),
        ReviewCommand::Assign(asked) => assign(&home, &index, asked, format),
        ReviewCommand::Proof { id, as_of } => {
            proofs(&index, id, &judge::as_of(as_of.as_deref())?, format)
        }
        ReviewCommand::Act(asked) => act(&home, &index, asked, format),
        ReviewCommand::Remind {
            id,
            as_of,
            told,
            send,
        } => {
            let as_of = judge::as_of(as_of.as_deref())?;
            match send {
                true => send_all(&home, &index, id.as_deref(), &as_of, format),
                false => remind(&home, &index, id.as_deref(), &as_of, *told, format),
            }
        }
        ReviewCommand::Tickets { id, dry_run } => {
            tickets::command(&home, &index, id.as_deref(), *dry_run, format)
        }
        ReviewCommand::Close { id } => close(&home, &index, id, format),
        ReviewCommand::Report { id, out } => report(&home, &index, id, out.as_deref(), format),
        ReviewCommand::Delta { id } => delta(&index, id, format),
        ReviewCommand::Verify { .. } => Ok(0),
    }
}

fn now() -> AsOf {
    AsOf::at(Timestamp::now())
}

/// The day of an instant, as people write it.
fn on(instant: &str) -> String {
    let at = instant.parse::<Timestamp>().ok();
    at.map_or_else(|| instant.to_owned(), |at| day(AsOf::at(at).date))
}

/// `12 of 40`.
fn of(progress: &Progress) -> String {
    format!(
        "{} of {} reviewed",
        number(progress.reviewed()),
        count(progress.rows, "row")
    )
}

/// Whether somebody has to be asked why.
fn is_late(state: &State) -> bool {
    matches!(state.stage, Stage::Overdue | Stage::CameBack) || state.removals.overdue > 0
}

fn gap(state: &State) -> Option<String> {
    let details = &state.campaign.details;
    let why = details.despite_gaps.as_deref()?;
    Some(format!(
        "GAP: opened on an incomplete population ({}), because: {}",
        details.gaps.join("; "),
        why
    ))
}

fn list(index: &Index, format: Format) -> Result<u8, Failure> {
    let all = super::campaigns(index, &now())?;
    let late = all.iter().any(is_late);
    if format == Format::Json {
        say!(
            "{:#}",
            Value::from(all.iter().map(state_json).collect::<Vec<_>>())
        );
        return Ok(u8::from(late));
    }
    let rows = all.iter().map(|state| {
        vec![
            state.campaign.id().to_owned(),
            state.stage.as_str().to_owned(),
            of(&state.all),
            format!("due {}", day(state.campaign.details.due_on)),
            removals_line(state),
            gap(state).map_or_else(String::new, |_| "GAP".into()),
        ]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    eprintln!("{}", count(all.len() as u64, "campaign"));
    if let Some(refused) = super::refusal(index)? {
        eprintln!(
            "the next one could not be opened on {}: {}",
            on(&refused.at),
            plain(&refused.why)
        );
    }
    Ok(u8::from(late))
}

fn removals_line(state: &State) -> String {
    let of = &state.removals;
    match of.all {
        0 => "nothing to go".into(),
        all => format!("{} of {} gone", number(of.gone), count(all, "removal")),
    }
}

fn progress_json(progress: &Progress) -> Value {
    let mut value = json!(progress);
    value["reviewed"] = json!(progress.reviewed());
    value
}

/// A campaign as JSON: documented in docs/json.md.
pub fn state_json(state: &State) -> Value {
    let campaign = &state.campaign;
    let details = &campaign.details;
    let reviewers = state.by_reviewer.iter().map(|(reviewer, progress)| {
        let mut value = progress_json(progress);
        value["reviewer"] = json!(reviewer);
        value
    });
    let systems = state.by_system.iter().map(|(system, progress)| {
        let mut value = progress_json(progress);
        value["system"] = json!(system);
        value
    });
    json!({
        "campaign": campaign.id(),
        "title": details.title,
        "stage": state.stage,
        "entry": campaign.head.entry,
        "opened": details.opened,
        "opened_at": campaign.head.opened_at,
        "due_on": details.due_on,
        "closed_at": campaign.head.closed_at,
        "closed_entry": campaign.head.closed_entry,
        "lead": details.lead,
        "complete": campaign.head.complete,
        "gaps": details.gaps,
        "despite_gaps": details.despite_gaps,
        "notices": details.notices,
        "sources": details.sources,
        "people": details.people,
        "people_doubt": details.people_doubt,
        "accounts": details.accounts,
        "disabled": details.disabled,
        "sha256": details.sha256,
        "all": progress_json(&state.all),
        "by_reviewer": reviewers.collect::<Vec<_>>(),
        "by_system": systems.collect::<Vec<_>>(),
        "removals": state.removals,
        "obstacles": obstacles(state),
    })
}

fn open(home: &Home, index: &Index, asked: &Open, format: Format) -> Result<u8, Failure> {
    let opened = super::open(
        home,
        index,
        By::KEYBOARD,
        &Opening {
            systems: asked.systems.clone(),
            title: asked.title.clone(),
            due_on: asked.due,
            despite_gaps: asked.despite_gaps.clone(),
            lead: asked.lead.clone(),
            by_schedule: false,
        },
    )?;
    if format == Format::Json {
        let state = super::state(index, &opened.id, &now())?;
        say!("{:#}", state_json(&state));
        return Ok(0);
    }
    say!("{}", opened_text(&opened));
    Ok(0)
}

fn opened_text(opened: &Opened) -> String {
    let details = &opened.details;
    let mut lines = vec![format!(
        "entry {}: {} opened: {} in {}, due {}",
        opened.entry,
        opened.id,
        count(details.rows, "row"),
        count(details.systems.len() as u64, "system"),
        day(details.due_on)
    )];
    if details.disabled > 0 {
        lines.push(format!(
            "  {} left out because they cannot sign in",
            count(details.disabled, "account")
        ));
    }
    for gap in &details.gaps {
        lines.push(format!("  GAP: {}", plain(gap)));
    }
    for notice in &details.notices {
        lines.push(format!("  mind: {}", plain(notice)));
    }
    lines.push(format!(
        "  `standing review show {}` says whose turn it is",
        opened.id
    ));
    lines.join("\n")
}

fn shown(reviewer: &Reviewer) -> String {
    match reviewer.email.as_str() {
        "" => "nobody".into(),
        email if reviewer.name.is_empty() => email.to_owned(),
        email => format!("{} ({email})", reviewer.name),
    }
}

fn show(index: &Index, id: &str, format: Format) -> Result<u8, Failure> {
    let state = super::state(index, id, &now())?;
    let signals = super::signals(index, id)?;
    let code = u8::from(is_late(&state));
    if format == Format::Json {
        let mut value = state_json(&state);
        value["signals"] = json!(signals);
        value["late_changes"] = json!(super::delta(index, id)?.len());
        say!("{value:#}");
        return Ok(code);
    }
    let style = Style::stdout();
    let details = &state.campaign.details;
    say!(
        "{}: {}, {}",
        style.strong(&plain(&details.title)),
        state.stage.as_str(),
        of(&state.all)
    );
    say!(
        "  opened {} on {}, due {}; {}",
        details.opened,
        on(&state.campaign.head.opened_at),
        day(details.due_on),
        removals_line(&state)
    );
    if let Some(gap) = gap(&state) {
        say!("  {}", style.news(false, &style.fold(2, &gap)));
    }
    for notice in &details.notices {
        say!("  mind: {}", style.fold(8, notice));
    }
    for obstacle in obstacles(&state) {
        say!("  in the way: {obstacle}");
    }
    let late = super::delta(index, id)?.len() as u64;
    if late > 0 {
        say!(
            "  {} came after the freezing: `standing review delta {id}`",
            count(late, "account or right")
        );
    }
    say!("\n{}", style.strong("Reviewers"));
    let reviewers = state
        .by_reviewer
        .iter()
        .map(|(reviewer, progress)| vec![shown(reviewer), of(progress), flagged(progress)]);
    put!("{}", table(&reviewers.collect::<Vec<_>>()));
    say!("{}", style.strong("Systems"));
    let systems = state
        .by_system
        .iter()
        .map(|(system, progress)| vec![system.clone(), of(progress), flagged(progress)]);
    put!("{}", table(&systems.collect::<Vec<_>>()));
    let told: Vec<Vec<String>> = signals
        .iter()
        .filter(|s| !s.signs.is_empty())
        .map(|s| vec![shown(&s.reviewer), s.signs.join("; ")])
        .collect();
    if !told.is_empty() {
        say!("{}", style.strong("Worth a look in how it was decided"));
        put!("{}", table(&told));
    }
    Ok(code)
}

fn flagged(progress: &Progress) -> String {
    match progress.open_flagged {
        0 => String::new(),
        n => format!("{} not reviewed with something against them", number(n)),
    }
}

/// A row as JSON.
pub fn row_json(row: &Row) -> Value {
    let mut value = json!(row.line);
    value["reviewer"] = json!(row.reviewer);
    value["first_reviewer"] = json!(row.line.reviewer);
    value["decision"] = json!(row.decision.map(Decision::as_str));
    value["decided_entry"] = json!(row.decided_entry);
    for inner in ["print", "role", "scope"] {
        if let Some(object) = value.as_object_mut() {
            object.remove(inner);
        }
    }
    value
}

/// A decision about a row as JSON.
pub fn past_json(past: &Past) -> Value {
    json!({
        "entry": past.entry, "at": past.at, "decision": past.decision, "reviewer": past.reviewer,
        "comment": past.comment, "rights": past.rights, "to": past.to, "shown_at": past.shown_at,
        "bulk": past.bulk,
    })
}

fn rows(index: &Index, asked: &Rows, format: Format) -> Result<u8, Failure> {
    if let Some(n) = asked.row {
        return one(index, &asked.id, n, format);
    }
    let decision = match (&asked.decision, asked.open) {
        (_, true) => Some(String::new()),
        (Some(word), _) => Some(word.parse::<Decision>()?.as_str().to_owned()),
        _ => None,
    };
    let wanted = Wanted {
        reviewer: asked.reviewer.clone(),
        system: asked.system.clone(),
        decision,
        suggestion: asked.suggestion.clone(),
        ..Wanted::default()
    };
    let page = super::rows(index, &asked.id, &wanted, asked.after, asked.limit)?;
    if format == Format::Json {
        let rows: Vec<Value> = page.rows.iter().map(row_json).collect();
        say!("{:#}", json!({ "rows": rows, "next": page.next }));
        return Ok(0);
    }
    let told = page.rows.iter().map(|row| {
        let line = &row.line;
        let person = line.person.as_ref().and_then(|p| p.name.clone());
        let reasons: Vec<&str> = line.reasons.iter().map(|r| r.text.as_str()).collect();
        vec![
            line.n.to_string(),
            row.decision.map_or("–", Decision::as_str).to_owned(),
            line.system.clone(),
            line.login.clone(),
            person.unwrap_or_else(|| "nobody known".into()),
            if line.is_privileged() {
                "privileged"
            } else {
                ""
            }
            .to_owned(),
            match reasons.is_empty() {
                true => line.suggestion.as_str().to_owned(),
                false => format!("{}: {}", line.suggestion.as_str(), reasons.join("; ")),
            },
        ]
    });
    put!("{}", table(&told.collect::<Vec<_>>()));
    if let Some(next) = page.next {
        eprintln!("more: --after {next}");
    }
    Ok(0)
}

fn known(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    }
}

fn one(index: &Index, id: &str, n: u64, format: Format) -> Result<u8, Failure> {
    let row = super::row(index, id, n)?;
    let history = super::history(index, id, n)?;
    if format == Format::Json {
        let mut value = row_json(&row);
        value["history"] = history.iter().map(past_json).collect();
        say!("{value:#}");
        return Ok(0);
    }
    let style = Style::stdout();
    let line = &row.line;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
    let person = line.person.clone().unwrap_or_default();
    say!(
        "{}",
        style.strong(&plain(&format!(
            "row {n}: {} in {}",
            line.login, line.system
        )))
    );
    let mfa = match &line.mfa_basis {
        Some(basis) => format!("{} ({basis})", known(line.mfa)),
        None => known(line.mfa).to_owned(),
    };
    let facts = [
        ("person", text(&person.name)),
        ("job title", text(&person.job_title)),
        ("department", text(&person.department)),
        ("first read on", text(&line.first_seen)),
        (
            "last used on",
            format!("{}, as {} keeps it", text(&line.last_used_on), line.source),
        ),
        (
            "privileged",
            known(line.privileged.or(Some(line.is_privileged()))).to_owned(),
        ),
        ("second factor", mfa),
        ("since the last review", line.changed.clone()),
        ("suggested", line.suggestion.as_str().to_owned()),
        ("to be decided by", row.reviewer.clone()),
    ];
    let mut told: Vec<Vec<String>> = facts
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    told.extend(
        line.reasons
            .iter()
            .map(|r| vec!["because".to_owned(), r.text.clone()]),
    );
    told.extend(
        line.assigned
            .iter()
            .map(|why| vec!["in line".to_owned(), why.clone()]),
    );
    put!("{}", table(&told));
    if !line.rights.is_empty() {
        say!("{}", style.strong("Rights"));
        put!(
            "{}",
            table(&line.rights.iter().map(right).collect::<Vec<_>>())
        );
    }
    if !history.is_empty() {
        say!("{}", style.strong("Decisions, the last counts"));
        let past = history.iter().map(|past| {
            vec![
                format!("entry {}", past.entry),
                on(&past.at),
                past.decision.clone(),
                past.reviewer.clone(),
                past.comment.clone(),
            ]
        });
        put!("{}", table(&past.collect::<Vec<_>>()));
    }
    Ok(0)
}

fn right(right: &super::Right) -> Vec<String> {
    let share = |share: Option<[u32; 2]>, of: &str| {
        share.map_or_else(String::new, |[held, others]| {
            format!("{held} of {others} {of}")
        })
    };
    vec![
        right.id.clone(),
        format!("{} of {}", right.entitlement, right.resource),
        match right.direct {
            Some(false) => "through a group or role".into(),
            _ => String::new(),
        },
        share(right.title, "others with the job title hold it"),
        share(right.department, "others in the department"),
        if right.new { "new" } else { "" }.into(),
    ]
}

fn decide(home: &Home, index: &Index, asked: &Decide, format: Format) -> Result<u8, Failure> {
    let decision: Decision = asked.decision.parse()?;
    let items = asked.rows.iter().map(|row| Item {
        row: *row,
        decision,
        rights: asked.rights.clone(),
        comment: asked.comment.clone(),
    });
    let answers = Answers {
        campaign: &asked.id,
        reviewer: &asked.reviewer,
        items: items.collect(),
        bulk: asked.rows.len() > 1,
        ..Answers::default()
    };
    let entry = super::decide(home, index, By::KEYBOARD, &answers)?;
    let state = super::state(index, &asked.id, &now())?;
    if format == Format::Json {
        say!(
            "{}",
            json!({ "entry": entry, "campaign": asked.id, "stage": state.stage,
            "all": progress_json(&state.all) })
        );
        return Ok(0);
    }
    say!(
        "entry {entry}: {} of {} to {}; {}, {}",
        count(asked.rows.len() as u64, "row"),
        asked.id,
        decision.as_str(),
        state.stage.as_str(),
        of(&state.all)
    );
    Ok(0)
}

fn assign(home: &Home, index: &Index, asked: &Assign, format: Format) -> Result<u8, Failure> {
    let assigning = Assigning {
        campaign: &asked.id,
        rows: asked.rows.clone(),
        from: asked.from.as_deref(),
        to: &asked.to,
        note: &asked.note,
    };
    let entry = super::assign(home, index, By::KEYBOARD, &assigning)?;
    match format {
        Format::Json => say!(
            "{}",
            json!({ "entry": entry, "campaign": asked.id, "to": asked.to })
        ),
        Format::Text => say!(
            "entry {entry}: {} is to decide from now on",
            plain(&asked.to)
        ),
    }
    Ok(0)
}

fn proofs(index: &Index, id: &str, as_of: &AsOf, format: Format) -> Result<u8, Failure> {
    let proofs = super::proof(index, id, as_of)?;
    let settled = |proof: &&Proof| proof.removal.settled(as_of.date);
    let done = proofs.iter().filter(settled).count();
    let code = u8::from(done < proofs.len());
    if format == Format::Json {
        let all: Vec<Value> = proofs.iter().map(proof::to_json).collect();
        say!("{:#}", Value::from(all));
        return Ok(code);
    }
    let rows = proofs.iter().map(|proof| {
        let line = &proof.row.line;
        let mut since: Vec<String> = proof
            .removal
            .steps
            .iter()
            .map(|step| {
                let word = if step.gone { "gone" } else { "came back" };
                format!("{word} on {} (entry {})", on(&step.at), step.entry)
            })
            .collect();
        if proof.overdue {
            since.push("OVERDUE".into());
        }
        if proof.excepted
            && let Some((entry, until)) = proof.removal.exception
        {
            since.push(format!("excepted until {} (entry {entry})", day(until)));
        }
        vec![
            line.n.to_string(),
            proof.removal.state().as_str().to_owned(),
            line.system.clone(),
            line.login.clone(),
            format!("{} since {}", proof.removal.decision, on(&proof.removal.at)),
            since.join("; "),
        ]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    say!(
        "{} of {} gone by a later complete reading, or excepted",
        number(done as u64),
        count(proofs.len() as u64, "removal")
    );
    Ok(code)
}

fn act(home: &Home, index: &Index, asked: &Act, format: Format) -> Result<u8, Failure> {
    let acting = Acting {
        campaign: &asked.id,
        row: asked.row,
        ticket: &asked.ticket,
        state: None,
        note: &asked.note,
        approved_by: &asked.approved_by,
        expires_on: asked.until,
    };
    let entry = super::act(home, index, By::KEYBOARD, &acting)?;
    match format {
        Format::Json => say!(
            "{}",
            json!({ "entry": entry, "campaign": asked.id, "row": asked.row })
        ),
        Format::Text => say!("entry {entry}: noted of row {} of {}", asked.row, asked.id),
    }
    Ok(0)
}

fn why(duty: &Duty) -> String {
    let rows = count(duty.rows, "row");
    match duty.why {
        Why::Opened => format!("{rows} wait for a decision"),
        Why::Reminder => format!("{rows} still wait for a decision"),
        Why::Assigned => format!("{rows} were given to another reviewer"),
        Why::Escalation => format!("{rows} wait for somebody before them in line"),
        Why::Overdue => format!("{rows} are overdue since {}", day(duty.due_on)),
        Why::RemovalOverdue => format!("{} overdue", count(duty.rows, "removal")),
        Why::CameBack => "something that was gone came back".into(),
    }
}

fn remind(
    home: &Home,
    index: &Index,
    id: Option<&str>,
    as_of: &AsOf,
    told: bool,
    format: Format,
) -> Result<u8, Failure> {
    if let Some(id) = id {
        super::campaign(index, id)?;
    }
    let mut duties = super::duties(index, as_of)?;
    duties.retain(|duty| id.is_none_or(|id| duty.campaign == id));
    if told {
        for duty in &duties {
            super::told(home, index, By::KEYBOARD, duty)?;
        }
    }
    if format == Format::Json {
        say!("{:#}", json!(duties));
        return Ok(0);
    }
    let rows = duties.iter().map(|duty| {
        vec![
            duty.campaign.clone(),
            shown(&duty.to),
            why(duty),
            duty.about
                .as_ref()
                .map_or_else(String::new, |r| format!("of {}", shown(r))),
        ]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    let words = if told { "noted as told" } else { "to be told" };
    eprintln!("{} {words}", count(duties.len() as u64, "message"));
    if !duties_by_mail(home) && !told {
        eprintln!(
            "nobody is told by e-mail: [notify.email] in standing.toml is missing, so tell them and \
             note it with --told"
        );
    }
    Ok(0)
}

fn duties_by_mail(home: &Home) -> bool {
    crate::serve::duties::review_mail_configured(home)
}

/// Tells everybody by e-mail. Exit code 1 if a message was not taken.
fn send_all(
    home: &Home,
    index: &Index,
    id: Option<&str>,
    as_of: &AsOf,
    format: Format,
) -> Result<u8, Failure> {
    if let Some(id) = id {
        super::campaign(index, id)?;
    }
    let came = crate::serve::duties::remind(home, index, By::KEYBOARD, as_of, id)?;
    let came = came.ok_or_else(|| {
        Failure::configuration("nobody can be told by e-mail")
            .hint("[notify.email] in standing.toml says by which server")
    })?;
    match format {
        Format::Json => say!("{}", json!({ "sent": came.sent, "failed": came.failed })),
        Format::Text => {
            say!(
                "{} taken, {} NOT taken",
                count(came.sent, "message"),
                number(came.failed)
            );
            for said in &came.said {
                eprintln!("  {}", plain(said));
            }
        }
    }
    Ok(u8::from(came.failed > 0))
}

fn close(home: &Home, index: &Index, id: &str, format: Format) -> Result<u8, Failure> {
    let state = super::state(index, id, &now())?;
    let obstacles = obstacles(&state);
    let entry = match (obstacles.is_empty(), state.campaign.head.closed_entry) {
        (true, Some(entry)) => Some(entry),
        (true, None) => Some(super::close(home, index, By::KEYBOARD, id)?),
        (false, _) => None,
    };
    if format == Format::Json {
        say!(
            "{:#}",
            json!({ "campaign": id, "closed_entry": entry, "obstacles": obstacles })
        );
    } else if let Some(entry) = entry {
        say!("entry {entry}: {id} is closed");
    } else {
        say!("{id} does not close:");
        for obstacle in obstacles {
            say!("  {obstacle}");
        }
    }
    Ok(u8::from(entry.is_none()))
}

fn report(
    home: &Home,
    index: &Index,
    id: &str,
    out: Option<&Path>,
    format: Format,
) -> Result<u8, Failure> {
    let report = super::report(home, index, id, &now())?;
    let entry = super::keep_report(home, index, By::KEYBOARD, id, &report)?;
    let json = match out {
        Some(path) => path.extension().is_some_and(|e| e == "json"),
        None => format == Format::Json,
    };
    let text = if json { &report.json } else { &report.text };
    match out {
        Some(path) => {
            std::fs::write(path, text).map_err(|error| {
                Failure::usage(format!("cannot write {}: {error}", path.display()))
            })?;
            say!("entry {entry}: report written to {}", path.display());
        }
        None => put!("{text}"),
    }
    Ok(0)
}

fn verify(global: &Global, file: &Path, key: Option<&str>) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    let key = match key {
        Some(text) => text.trim().to_owned(),
        None => match Home::find(global.dir.as_deref()).and_then(|folder| Home::open(&folder)) {
            Ok(home) => home.vault.public_key().to_string(),
            Err(_) => {
                let named = super::named_key(&text).unwrap_or_default();
                return Err(Failure::usage("which key is the firm's? --public-key KEY says it").hint(
                    format!("the report names {named:?} itself, which proves nothing: ask the firm by another way"),
                ));
            }
        },
    };
    let key: PublicKey = key
        .parse()
        .map_err(|error| Failure::usage(format!("--public-key: {error}")))?;
    let checked = super::verify_report(&text, &key);
    if global.format == Format::Json {
        say!(
            "{:#}",
            json!({
                "verified": checked.is_ok(),
                "campaign": checked.as_ref().ok().map(|c| c.campaign.clone()),
                "key": key.to_string(),
                "reason": checked.as_ref().err(),
            })
        );
    } else {
        match &checked {
            Ok(checked) => say!(
                "VERIFIED: the report of {}, signed by {}",
                checked.campaign,
                checked.key
            ),
            Err(why) => say!("NOT VERIFIED: {why}"),
        }
    }
    Ok(u8::from(checked.is_err()))
}

fn delta(index: &Index, id: &str, format: Format) -> Result<u8, Failure> {
    let late = super::delta(index, id)?;
    let code = u8::from(!late.is_empty());
    if format == Format::Json {
        let all = late.iter().map(|late| {
            json!({ "system": late.system, "account": late.account, "login": late.login,
                "right": late.right, "seen_at": late.seen_at, "entry": late.entry })
        });
        say!("{:#}", Value::from(all.collect::<Vec<_>>()));
        return Ok(code);
    }
    let rows = late.iter().map(|late| {
        vec![
            late.system.clone(),
            late.login.clone(),
            late.right.clone().unwrap_or_else(|| "the account".into()),
            format!("first read on {} (entry {})", on(&late.seen_at), late.entry),
        ]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    eprintln!("{}", count(late.len() as u64, "late change"));
    Ok(code)
}
