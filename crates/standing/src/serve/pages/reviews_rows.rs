//! One row of an access review as it stands on a page.

use jiff::civil::Date;

use super::words::{capital, instant};
use crate::review::{self, Decision, Line, Past, Right, Row};
use crate::text::{count, day};

/// A right, and who else holds it.
pub struct ShownRight {
    pub id: String,
    pub what: String,
    /// What peers hold, whether it came since, how it came.
    pub notes: Vec<String>,
    pub privileged: bool,
    /// Whether it is chosen to go.
    pub ticked: bool,
}

/// A decision that may be chosen.
pub struct Choice {
    pub word: &'static str,
    pub label: &'static str,
    /// Its class: the word with hyphens.
    pub class: String,
    /// The key for it.
    pub key: u8,
    pub chosen: bool,
    /// Whether it needs a comment.
    pub needs: bool,
}

/// What was answered before.
pub struct Earlier {
    pub decision: String,
    pub entry: u64,
    pub at: String,
    pub comment: String,
}

/// A row as it stands on a page.
pub struct Shown {
    pub n: u64,
    pub system: String,
    pub login: String,
    /// Whom it belongs to; empty: nobody known.
    pub person: String,
    pub works_as: String,
    pub kind: String,
    pub since: String,
    pub used: String,
    pub privileged: &'static str,
    pub is_privileged: bool,
    pub mfa: String,
    pub changed: &'static str,
    pub gone: Vec<String>,
    /// `keep`, `look`, `remove`.
    pub suggestion: &'static str,
    pub reasons: Vec<String>,
    pub rights: Vec<ShownRight>,
    pub choices: Vec<Choice>,
    pub comment: String,
    /// Which decisions need a comment, and why.
    pub needs: Vec<String>,
    pub mistake: Option<String>,
    pub earlier: Option<Earlier>,
    pub reviewer: String,
    pub decision: Option<&'static str>,
    pub decided_entry: Option<u64>,
}

fn on(text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), day)
}

/// How a decision is called on a button.
pub fn label(decision: Decision) -> &'static str {
    match decision {
        Decision::Keep => "Keep",
        Decision::Change => "Change",
        Decision::Remove => "Remove",
        Decision::NotMine => "Not mine",
        Decision::CannotTell => "Cannot tell",
    }
}

fn since(line: &Line) -> String {
    match (&line.created_on, &line.first_seen) {
        (Some(made), _) => format!("made on {}", on(made)),
        (None, Some(seen)) => format!("first read on {}", on(seen)),
        (None, None) => "not known".into(),
    }
}

fn used(line: &Line) -> String {
    match &line.last_used_on {
        Some(used) => format!("{}, as {} keeps it", on(used), line.source),
        None => format!("not known: {} does not tell", line.source),
    }
}

fn mfa(line: &Line) -> String {
    let word = match line.mfa {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    };
    match &line.mfa_basis {
        Some(basis) => format!("{word}, {basis}"),
        None => word.to_owned(),
    }
}

fn privileged(line: &Line) -> &'static str {
    let told = |r: &Right| r.privileged.is_some();
    match line.privileged {
        _ if line.is_privileged() => "yes",
        Some(false) => "no",
        _ if !line.rights.is_empty() && line.rights.iter().all(told) => "no",
        _ => "not known",
    }
}

/// What changed since the last review, in words.
pub fn changed(line: &Line) -> &'static str {
    match line.changed.as_str() {
        "first review" => "no earlier review of this system",
        "new" => "new: the last review did not see it",
        "rights" => "its rights changed",
        "moved" => "its person moved",
        "not decided" => "the last review left it undecided",
        "unchanged" => "nothing",
        _ => "not known",
    }
}

fn right(right: &Right) -> ShownRight {
    let mut notes = Vec::new();
    let peers = [
        (right.title, "with the same job title"),
        (right.department, "in the department"),
    ];
    for (peers, which) in peers {
        if let Some([held, of]) = peers
            && of > 0
        {
            let others = count(u64::from(of), "other");
            notes.push(format!("held by {held} of {others} {which}"));
        }
    }
    if right.new {
        notes.push("came since the last review".into());
    }
    if right.direct == Some(false) {
        notes.push("through a group or another role".into());
    }
    if let Some(granted) = &right.granted_on {
        notes.push(format!("given on {}", on(granted)));
    }
    ShownRight {
        id: right.id.clone(),
        what: match right.entitlement.as_str() {
            "" => right.resource.clone(),
            entitlement => format!("{entitlement} of {}", right.resource),
        },
        notes,
        privileged: right.privileged == Some(true),
        ticked: false,
    }
}

impl Shown {
    /// The row with nothing answered but what was answered before.
    pub fn of(row: &Row) -> Self {
        let line = &row.line;
        let person = line.person.as_ref();
        let works_as: Vec<&str> = person
            .into_iter()
            .flat_map(|p| [p.job_title.as_deref(), p.department.as_deref()])
            .flatten()
            .collect();
        let choices = Decision::ALL
            .into_iter()
            .zip(1..)
            .map(|(decision, key)| Choice {
                word: decision.as_str(),
                label: label(decision),
                class: decision.as_str().replace(' ', "-"),
                key,
                chosen: row.decision == Some(decision),
                needs: review::needs_comment(row, decision).is_some(),
            });
        // A change needs a comment always: what is to change is no surprise to be warned of.
        let needs = [Decision::Keep, Decision::Change, Decision::CannotTell]
            .into_iter()
            .filter_map(|decision| {
                let why = review::needs_comment(row, decision)?;
                Some(format!("for {}: {why}", label(decision)))
            });
        let name = person.and_then(|p| p.name.clone().or_else(|| p.email.clone()));
        Shown {
            n: line.n,
            system: line.system.clone(),
            login: line.login.clone(),
            person: name.unwrap_or_default(),
            works_as: works_as.join(", "),
            kind: line.kind.clone().unwrap_or_default(),
            since: since(line),
            used: used(line),
            privileged: privileged(line),
            is_privileged: line.is_privileged(),
            mfa: mfa(line),
            changed: changed(line),
            gone: line.gone.clone(),
            suggestion: line.suggestion.as_str(),
            reasons: line.reasons.iter().map(|r| capital(&r.text)).collect(),
            rights: line.rights.iter().map(right).collect(),
            choices: choices.collect(),
            comment: String::new(),
            needs: needs.collect(),
            mistake: None,
            earlier: None,
            reviewer: row.reviewer.clone(),
            decision: row.decision.map(Decision::as_str),
            decided_entry: row.decided_entry,
        }
    }

    /// The same with what was answered before.
    #[must_use]
    pub fn with_earlier(mut self, last: Option<&Past>) -> Self {
        let Some(last) = last else {
            return self;
        };
        if self.decision.is_some() {
            self.comment.clone_from(&last.comment);
            for right in &mut self.rights {
                right.ticked = last.rights.contains(&right.id);
            }
        }
        self.earlier = Some(earlier(last));
        self
    }

    /// What is suggested, in words.
    pub fn suggested(&self) -> &'static str {
        match self.suggestion {
            "remove" => "suggested: remove",
            "look" => "worth a look",
            _ => "suggested: keep",
        }
    }

    /// The class of what is suggested.
    pub fn class(&self) -> &'static str {
        match self.suggestion {
            "remove" => "not-met",
            "look" => "unknown",
            _ => "met",
        }
    }

    /// Its shape: never colour alone.
    pub fn shape(&self) -> &'static str {
        match self.suggestion {
            "remove" => "✗",
            "look" => "?",
            _ => "✓",
        }
    }

    /// The decisions that need a comment, for the script: `keep,change`.
    pub fn needing(&self) -> String {
        let needing = self.choices.iter().filter(|c| c.needs).map(|c| c.word);
        needing.collect::<Vec<_>>().join(",")
    }

    /// How many rights make an administrator.
    pub fn privileged_rights(&self) -> u64 {
        self.rights.iter().filter(|r| r.privileged).count() as u64
    }

    /// The rights in a few words.
    pub fn rights_in_short(&self) -> String {
        let some: Vec<&str> = self
            .rights
            .iter()
            .take(3)
            .map(|r| r.what.as_str())
            .collect();
        match self.rights.len() {
            0 => "no rights are known".into(),
            n if n > 3 => format!("{} and {} more", some.join("; "), n - 3),
            _ => some.join("; "),
        }
    }
}

/// What was answered before.
pub fn earlier(past: &Past) -> Earlier {
    Earlier {
        decision: past.decision.clone(),
        entry: past.entry,
        at: instant(&past.at),
        comment: past.comment.clone(),
    }
}
