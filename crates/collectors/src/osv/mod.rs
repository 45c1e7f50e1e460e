//! Advisories in OSV's form: single records, JSON Lines, and the bulk files that OSV publishes.

mod archive;
mod record;
mod severity;

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use standing_facts::GapCode;

use crate::json::{Piece, stream_objects};
use crate::lines::{self, Line};
use crate::{About, Asks, Collector, Kept, Parts, Settings, Sink};
use record::Tally;

/// Reads OSV records.
pub struct Osv;

static ABOUT: About = About {
    kind: "osv",
    summary: "advisories in OSV's form: *.json, *.jsonl (also with .gz), or an ecosystem's all.zip",
    revision: 1,
    asks: Asks::Files,
    tables: &["advisory"],
    settings: &[],
    how: "Put the records of the ecosystems that you use into one folder; they are public, so no \
account is needed. OSV publishes one all.zip for each ecosystem, such as Debian or npm, in its \
public bucket, and the advisory databases of RustSec, Go, PyPA and GitHub offer their records in \
the same form. Fetch all files of one database at the same time, and fetch them at least weekly: an \
advisory that is not in the folder is not known.",
};

/// A record is a few kilobytes; the longest known ones stay below two megabytes.
const RECORD_BYTES: usize = 16 << 20;
/// The most that one compressed file may unpack to.
const UNPACKED_BYTES: u64 = 8 << 30;

impl Collector for Osv {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        name.ends_with(".zip") || name.ends_with(".json") || is_lines(name)
    }

    fn read(&self, _settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        for part in parts.list() {
            let mut tally = Tally::default();
            if let Err(refusal) = one(parts, part, &mut tally, sink) {
                refusal.report(part, parts.list().len() == 1, sink);
            }
            tally.report(&part.name, sink);
        }
    }
}

fn is_lines(name: &str) -> bool {
    name.ends_with(".jsonl") || name.ends_with(".ndjson")
}

/// Why a file, or the rest of it, is not read.
struct Refusal {
    code: GapCode,
    line: Option<u64>,
    why: String,
}

impl Refusal {
    fn new(code: GapCode, why: impl Into<String>) -> Self {
        Refusal {
            code,
            line: None,
            why: why.into(),
        }
    }

    fn io(error: &std::io::Error) -> Self {
        Refusal::new(
            GapCode::Malformed,
            format!("cannot be read: {}", error.kind()),
        )
    }

    /// A file alone fails the run; one of many is a problem, or a gap where it is too large.
    fn report(self, part: &Kept, alone: bool, sink: &mut Sink<'_>) {
        let place = self.line.map(|l| format!(" line {l}")).unwrap_or_default();
        if alone {
            sink.fail(self.code, format!("{}{place} {}", part.name, self.why));
        } else if self.code == GapCode::TooLarge {
            sink.gap(None, self.code, format!("{} {}", part.name, self.why));
        } else {
            sink.problem(&part.name, self.line, None, self.why);
        }
    }
}

/// Forms of packing are recognised by what the file holds, lines of JSON by its name.
fn one(
    parts: &Parts<'_>,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let bytes = parts.open(part).map_err(|e| Refusal::io(&e))?;
    let mut bytes = BufReader::new(bytes);
    let start = bytes.fill_buf().map_err(|e| Refusal::io(&e))?;
    if start.starts_with(b"PK") {
        return archive::read(bytes, part, tally, sink);
    }
    let name = part.name.to_ascii_lowercase();
    if start.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = flate2::bufread::MultiGzDecoder::new(bytes).take(UNPACKED_BYTES);
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let read = text(&mut unpacked, name, part, tally, sink);
        if unpacked.limit() == 0 {
            let why = "unpacks to more than 8 GiB; the rest was not read";
            return Err(Refusal::new(GapCode::TooLarge, why));
        }
        return read;
    }
    text(bytes, &name, part, tally, sink)
}

fn text(
    bytes: impl Read,
    name: &str,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    if is_lines(name) {
        each_line(bytes, part, tally, sink).map_err(|e| Refusal::io(&e))
    } else {
        document(bytes, part, tally, sink)
    }
}

fn each_line(
    bytes: impl Read,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> std::io::Result<()> {
    lines::each(bytes, RECORD_BYTES, &mut |number, line| {
        let Line::Text(text) = line else {
            let what = "longer than 16 MiB: no record is";
            return sink.problem(&part.name, Some(number), None, what);
        };
        if text.trim().is_empty() {
            return;
        }
        match serde_json::from_str(text) {
            Ok(value) => record::take(value, &part.name, Some(number), None, tally, sink),
            Err(_) => sink.problem(&part.name, Some(number), None, "expected one JSON object"),
        }
    })
}

/// One record, a list of records, or an object with the list `vulns`, as OSV's service answers.
fn document(
    bytes: impl Read,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let mut members = serde_json::Map::new();
    let mut listed = false;
    let skip = ["details", "references", "credits"];
    let read = stream_objects(bytes, "vulns", &skip, &mut |piece| match piece {
        Piece::Member(name, value) => {
            members.insert(name, value);
        }
        Piece::Element(position, value) => {
            listed = true;
            let place = format!("[{position}]");
            record::take(value, &part.name, None, Some(&place), tally, sink);
        }
    });
    if let Err(error) = read {
        return Err(Refusal {
            code: GapCode::Malformed,
            line: u64::try_from(error.line()).ok().filter(|l| *l > 0),
            why: "is not JSON, or ends in the middle".into(),
        });
    }
    let is_empty_answer = members.is_empty() || members.contains_key("next_page_token");
    if !listed && !is_empty_answer {
        record::take(Value::Object(members), &part.name, None, None, tally, sink);
    } else if members.contains_key("next_page_token") {
        let why = format!("{} says that there are further pages", part.name);
        sink.gap(None, GapCode::Truncated, why);
    }
    Ok(())
}
