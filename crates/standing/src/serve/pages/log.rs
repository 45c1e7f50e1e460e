//! The log: every entry in words, filterable, and each with the proof that it is there.

use askama::Template;
use serde_json::json;
use standing_assess::index::Wanted;
use standing_vault::{Blob, Digest, Entry};

use super::frame::Frame;
use super::paging::link;
use super::words;
use crate::serve::api::forms::{Line, Proof};
use crate::serve::door::encode;
use crate::serve::log::{self, Fate, Names, Payload, SHOWN};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit, Who};
use crate::text::number;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/log", Access::With(Right::Read), list),
    Route::get("/log/checkpoint", Access::With(Right::Read), checkpoint),
    Route::get("/log/{seq}", Access::With(Right::Read), one),
    Route::get("/log/{seq}/proof.json", Access::With(Right::Read), proof),
    Route::get(
        "/log/{seq}/blobs/{digest}",
        Access::With(Right::ReadPersonal),
        contents,
    ),
];

/// Entries on a page.
const ON_A_PAGE: usize = 50;
/// Payloads that are listed of one entry.
const PAYLOADS: usize = 100;
/// Kinds of entry whose payloads may be looked at: what was read, stated and set. What lets people in
/// is not among them.
const OPEN: &[&str] = &[
    "collection",
    "collection-parts",
    "edition",
    "record",
    "record-end",
    "settings",
];

/// What the form over the list says.
struct Filter {
    kind: String,
    actor: String,
    about: String,
    from: String,
    to: String,
}

impl Filter {
    fn of(visit: &Visit) -> Self {
        let word = |name: &str| visit.asked(name).unwrap_or_default().to_owned();
        Filter {
            kind: word("kind"),
            actor: word("actor"),
            about: word("about"),
            from: word("from"),
            to: word("to"),
        }
    }

    fn place(&self, below: &str) -> String {
        link(
            "/log",
            &[
                ("kind", &self.kind),
                ("actor", &self.actor),
                ("about", &self.about),
                ("from", &self.from),
                ("to", &self.to),
                ("below", below),
            ],
        )
    }

    fn is_set(&self) -> bool {
        self.place("") != "/log"
    }
}

#[derive(Template)]
#[template(path = "log.html")]
struct ListPage {
    frame: Frame,
    filter: Filter,
    kinds: Vec<(String, u64)>,
    actors: Vec<(String, String)>,
    lines: Vec<Line>,
    total: u64,
    newest: Option<String>,
    older: Option<String>,
    words: String,
}

fn list(visit: &Visit) -> Answer {
    let filter = Filter::of(visit);
    let mut wanted = log::wanted(visit)?;
    let below = visit.asked("below").map(|text| {
        let not =
            |_| Trouble::malformed(format!("below={text:?}: expected the number of an entry"));
        text.parse().map_err(not)
    });
    wanted.below = below.transpose()?;
    let home = visit.app.home();
    let index = visit.app.index()?;
    let names = Names::read(&index)?;
    let mut lines = log::lines(&home, &index, &names, &wanted, ON_A_PAGE + 1)?;
    let more = lines.len() > ON_A_PAGE;
    lines.truncate(ON_A_PAGE);
    let last = lines.last().map(|l| l.seq.to_string());
    let total = index.count_headings(&wanted)?;
    let page = ListPage {
        frame: Frame::of(visit, "/log"),
        newest: wanted.below.map(|_| filter.place("")),
        older: last.filter(|_| more).map(|seq| filter.place(&seq)),
        kinds: index.kinds()?,
        actors: names.all(),
        words: spread(&lines, total, &wanted),
        lines,
        total,
        filter,
    };
    Ok(Reply::page(page.render()?))
}

/// `50 of 1,234 entries, newest first`.
fn spread(lines: &[Line], total: u64, wanted: &Wanted) -> String {
    let shown = number(lines.len() as u64);
    let of = number(total);
    let entries = if total == 1 { "entry" } else { "entries" };
    match wanted.below {
        Some(below) => format!("{shown} of {of} {entries}, those before entry {below}"),
        None => format!("{shown} of {of} {entries}, newest first"),
    }
}

/// A payload as the page shows it.
struct PayloadLine {
    role: &'static str,
    reference: String,
    href: Option<String>,
    fate: Fate,
    by: String,
}

#[derive(Template)]
#[template(path = "log_entry.html")]
struct EntryPage {
    frame: Frame,
    line: Line,
    canonical: Option<String>,
    length: u64,
    payloads: Vec<PayloadLine>,
    /// How many more payloads there are.
    more: u64,
    erasable: bool,
    proof: Proof,
    before: Option<u64>,
    after: Option<u64>,
}

fn seq(visit: &Visit) -> Result<u64, Trouble> {
    let text = visit.parameter("seq");
    text.parse()
        .map_err(|_| Trouble::missing(format!("{text:?} is not the number of an entry.")))
}

fn one(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, seq(visit)?)?;
    let names = Names::read(&*visit.app.index()?)?;
    let proof = log::prove(&home, &entry)?;
    let who = visit.who()?;
    let payloads = log::payloads(&home, &entry, PAYLOADS);
    let all = entry.blobs().len() as u64;
    let length = entry.canonical().map_err(Trouble::ours)?.len() as u64;
    let frame = Frame::of(visit, "/log");
    let there = payloads.iter().any(|p| matches!(p.fate, Fate::There));
    let page = EntryPage {
        erasable: there && frame.may("erase"),
        frame,
        more: all.saturating_sub(PAYLOADS as u64),
        payloads: payloads
            .into_iter()
            .map(|p| payload_line(&entry, p, who, &names))
            .collect(),
        line: log::line_of(&entry, &names),
        canonical: proof.entry.clone(),
        length,
        before: entry.seq.checked_sub(1),
        after: (entry.seq + 1 < proof.tree_size).then_some(entry.seq + 1),
        proof,
    };
    Ok(Reply::page(page.render()?))
}

fn payload_line(entry: &Entry, payload: Payload, who: &Who, names: &Names) -> PayloadLine {
    let needed = if log::in_bulk(entry, &payload.digest) {
        Right::ExportPersonal
    } else {
        Right::ReadPersonal
    };
    let open = who.may(needed) && OPEN.contains(&entry.kind.as_str());
    let there = matches!(payload.fate, Fate::There);
    let by = match &payload.fate {
        Fate::Erased { actor, .. } => names.or_unnamed(actor).to_owned(),
        Fate::There | Fate::Missing => String::new(),
    };
    PayloadLine {
        role: log::spoken_role(&payload.role),
        href: (open && there).then(|| format!("/log/{}/blobs/{}", entry.seq, payload.digest)),
        reference: payload.digest.reference(),
        fate: payload.fate,
        by,
    }
}

fn proof(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, seq(visit)?)?;
    let proof = log::prove(&home, &entry)?;
    let about = json!({
        "about": "That the entry is in the log which the checkpoint signs. Hash the entry's bytes as RFC \
            9162, section 2.1.1 says (SHA-256 of 0x00 and the bytes), lead the hash along the path to the \
            root as section 2.1.3.2 says, and check the note's Ed25519 signature with the public key.",
    });
    let mut whole = serde_json::to_value(&proof).map_err(Trouble::ours)?;
    whole["about"] = about["about"].clone();
    let text = format!("{whole:#}\n");
    Ok(Reply::download(
        "application/json",
        &format!("entry-{}-proof.json", entry.seq),
        Box::new(move |out| out.write_all(text.as_bytes())),
    ))
}

fn checkpoint(visit: &Visit) -> Answer {
    let home = visit.app.home();
    home.vault.refresh().map_err(Trouble::ours)?;
    let note = home.vault.checkpoint();
    Ok(Reply::download(
        "text/plain; charset=utf-8",
        &format!("checkpoint-{}.txt", home.vault.size()),
        Box::new(move |out| out.write_all(note.as_bytes())),
    ))
}

/// The contents of a payload, as a file: it may be anything that was ever read, so no browser is to
/// show it.
fn contents(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, seq(visit)?)?;
    let named = visit.parameter("digest").parse::<Digest>().ok();
    let digest = named.filter(|digest| entry.blobs().contains(digest));
    let digest = digest
        .ok_or_else(|| Trouble::missing(format!("Entry {} names no such payload.", entry.seq)))?;
    if !OPEN.contains(&entry.kind.as_str()) {
        return Err(Trouble::forbidden(
            "What lets people in is not shown, whoever asks.",
        ));
    }
    if log::in_bulk(&entry, &digest) {
        let who = visit.who()?;
        if !who.may(Right::ExportPersonal) {
            return Err(Trouble::forbidden(
                "What a source gave, as it was, may hold secrets and names beyond what is shown; it is \
                 for owners and leads.",
            ));
        }
        if !who.proven() {
            let onward = encode(&[("next", visit.path.as_str())]);
            return Ok(Reply::see(format!("/prove?{onward}")));
        }
    }
    match home.vault.blob(&digest).map_err(Trouble::ours)? {
        Blob::Erased { entry: by, .. } => Err(Trouble::new(
            410,
            "Erased",
            format!("The payload was erased; entry {by} says by whom and why."),
        )),
        // A damaged payload breaks off: the reader knows it only at its end.
        Blob::Present(mut reader) => Ok(Reply::download(
            "text/plain; charset=utf-8",
            &format!("entry-{}-{}.txt", entry.seq, &digest.to_string()[..12]),
            Box::new(move |out| std::io::copy(&mut reader, out).map(|_| ())),
        )),
    }
}
