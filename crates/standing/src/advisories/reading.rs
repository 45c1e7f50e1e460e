//! What a file of advisories holds, whatever it is called: OSV records as a zip, as lines or as one
//! document, CISA's catalogue, or EPSS scores; each also packed with gzip.
//!
//! A file that is cut short or damaged is refused. In one that is whole, a record that is not understood
//! is named and the rest is read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use flate2::bufread::MultiGzDecoder;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use standing_facts::Problem;
use zip::ZipArchive;

use super::Kind;
use standing_patching::Builder;

/// The most places that are told of one edition.
pub const PROBLEMS: usize = 1_000;
/// The longest record; the longest known ones stay below two mebibytes.
const RECORD: usize = 16 << 20;
/// The longest single document: it is read into memory.
const DOCUMENT: u64 = 256 << 20;
/// The most that one packed file may unpack to.
const UNPACKED: u64 = 8 << 30;
/// The most files in an archive; the largest known has a few hundred thousand.
const FILES: usize = 1_000_000;

/// What was found in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it holds.
    pub kind: Kind,
    /// Records that were understood.
    pub records: u64,
    /// Places that were not.
    pub unread: u64,
    /// The latest day that it names itself, up to today.
    pub as_of: Option<Date>,
}

/// Reads one file into the builder; `None` where it is whole and holds nothing of ours.
///
/// # Errors
/// Why it is refused. The builder may then hold a part of it.
pub fn read(
    file: File,
    name: &str,
    today: Date,
    builder: &mut Builder,
    problems: &mut Vec<Problem>,
) -> Result<Option<Found>, String> {
    let before = problems.len();
    let mut reader = Reader {
        builder,
        problems,
        name,
        today,
        found: Found {
            kind: Kind::Osv,
            records: 0,
            unread: 0,
            as_of: None,
        },
        foreign: false,
        broken: false,
    };
    reader.file(file)?;
    let (found, foreign, broken) = (reader.found, reader.foreign, reader.broken);
    if found.records > 0 {
        return Ok(Some(found));
    }
    if foreign && !broken {
        problems.truncate(before);
        return Ok(None);
    }
    Err("holds no record that can be read".into())
}

struct Reader<'a> {
    builder: &'a mut Builder,
    problems: &'a mut Vec<Problem>,
    name: &'a str,
    today: Date,
    found: Found,
    /// Whether something was whole and no advisory.
    foreign: bool,
    /// Whether something was not even JSON, or an advisory that is not as it should be.
    broken: bool,
}

/// As much of a record as it takes to know one.
#[derive(Deserialize)]
struct Head {
    id: Option<Value>,
    modified: Option<Value>,
    affected: Option<IgnoredAny>,
}

impl Head {
    fn is_osv(&self) -> bool {
        let named = matches!(&self.id, Some(Value::String(id)) if !id.is_empty());
        named && (self.modified.is_some() || self.affected.is_some())
    }
}

impl Reader<'_> {
    fn file(&mut self, file: File) -> Result<(), String> {
        let mut bytes = BufReader::with_capacity(1 << 16, file);
        let start = bytes.fill_buf().map_err(|e| unreadable(&e))?;
        if start.starts_with(b"PK") {
            return self.archive(bytes);
        }
        if start.starts_with(&[0x1f, 0x8b]) {
            let unpacked = MultiGzDecoder::new(bytes).take(UNPACKED);
            let mut unpacked = BufReader::with_capacity(1 << 16, unpacked);
            self.text(&mut unpacked)?;
            if unpacked.get_ref().limit() == 0 {
                return Err("unpacks to more than 8 GiB".into());
            }
            return Ok(());
        }
        self.text(&mut bytes)
    }

    fn archive(&mut self, bytes: BufReader<File>) -> Result<(), String> {
        let damaged = |_| "is a damaged or cut zip: its directory cannot be read".to_owned();
        let mut zip = ZipArchive::new(bytes).map_err(damaged)?;
        if zip.len() > FILES {
            return Err(format!(
                "holds {} files; at most {FILES} are read",
                zip.len()
            ));
        }
        let mut left = UNPACKED;
        for index in 0..zip.len() {
            let place = format!("file {}", index + 1);
            let member = zip.by_index(index).map_err(|_| {
                format!("{place} of the zip is damaged, or packed in a way that is not read")
            })?;
            let is_json = member
                .name()
                .is_ok_and(|name| name.to_ascii_lowercase().ends_with(".json"));
            let mut bytes = Vec::new();
            // Read beyond its end: only there the checksum is compared.
            member
                .take(RECORD as u64 + 1)
                .read_to_end(&mut bytes)
                .map_err(|_| format!("{place} of the zip is damaged: its checksum does not fit"))?;
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or("unpacks to more than 8 GiB")?;
            if bytes.len() > RECORD {
                return Err(format!("{place} of the zip unpacks to more than 16 MiB"));
            }
            match is_json {
                true => self.record(&String::from_utf8_lossy(&bytes), None, Some(&place)),
                false => self.foreign = true,
            }
        }
        Ok(())
    }

    /// Which form a text has is decided by its first line.
    fn text(&mut self, bytes: &mut impl BufRead) -> Result<(), String> {
        let mut first = Vec::new();
        let ended = line(bytes, &mut first)?;
        let text = String::from_utf8_lossy(&first);
        let text = text.trim_start_matches('\u{feff}');
        let name = self.name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if text.starts_with("#model_version") || text.starts_with("cve,epss") {
            return self.scores(&first, bytes);
        }
        if name.ends_with(".csv") {
            self.foreign = true;
            return Ok(());
        }
        let more = ended && !bytes.fill_buf().map_err(|e| unreadable(&e))?.is_empty();
        if name.ends_with(".jsonl") || name.ends_with(".ndjson") || (more && is_object(text)) {
            return self.lines(&first, ended, bytes);
        }
        self.document(&first, bytes)
    }

    fn scores(&mut self, first: &[u8], bytes: &mut impl BufRead) -> Result<(), String> {
        let text = whole(first, bytes)?;
        if !text.ends_with('\n') {
            return Err("ends in the middle of a line".into());
        }
        self.found.kind = Kind::Epss;
        self.found.records = self.builder.epss(&text)? as u64;
        let head = text.lines().next().unwrap_or_default();
        self.dated(head.split("score_date:").nth(1));
        Ok(())
    }

    fn lines(
        &mut self,
        first: &[u8],
        first_ended: bool,
        bytes: &mut impl BufRead,
    ) -> Result<(), String> {
        self.line(first, first_ended, 1)?;
        let (mut next, mut ended, mut number) = (Vec::new(), first_ended, 1);
        while ended {
            next.clear();
            ended = line(bytes, &mut next)?;
            number += 1;
            self.line(&next, ended, number)?;
        }
        Ok(())
    }

    fn line(&mut self, bytes: &[u8], ended: bool, number: u64) -> Result<(), String> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if !ended && !text.is_empty() && !is_json(text) {
            return Err(format!("ends in the middle of line {number}"));
        }
        if text.len() > RECORD {
            self.broken = true;
            self.problem(Some(number), None, "longer than 16 MiB: no record is");
        } else if !text.is_empty() {
            self.record(text, Some(number), None);
        }
        Ok(())
    }

    fn document(&mut self, first: &[u8], bytes: &mut impl BufRead) -> Result<(), String> {
        let text = whole(first, bytes)?;
        let document: Value = serde_json::from_str(&text).map_err(|error| {
            let at = error.line();
            format!("line {at} is not JSON, or the file ends in the middle")
        })?;
        match document {
            Value::Array(list) => self.list(&list),
            Value::Object(mut members) => {
                if members.contains_key("vulnerabilities") {
                    return self.catalogue(&text, &Value::Object(members));
                }
                match members.remove("vulns") {
                    Some(Value::Array(list)) => self.list(&list),
                    _ => self.record(&text, None, None),
                }
            }
            _ => self.foreign = true,
        }
        Ok(())
    }

    fn list(&mut self, list: &[Value]) {
        for (position, record) in list.iter().enumerate() {
            self.record(&record.to_string(), None, Some(&format!("[{position}]")));
        }
    }

    fn catalogue(&mut self, text: &str, catalogue: &Value) -> Result<(), String> {
        self.found.kind = Kind::Kev;
        let entries = self.builder.kev(text)? as u64;
        let announced = catalogue.get("count").and_then(Value::as_u64);
        if announced.is_some_and(|n| n != entries) {
            let announced = announced.unwrap_or_default();
            return Err(format!(
                "says that it holds {announced} entries, and holds {entries}"
            ));
        }
        self.found.records = entries;
        self.dated(catalogue.get("dateReleased").and_then(Value::as_str));
        Ok(())
    }

    fn record(&mut self, json: &str, line: Option<u64>, place: Option<&str>) {
        let head = serde_json::from_str::<Head>(json).ok();
        let Some(head) = head.filter(Head::is_osv) else {
            let is_json = is_json(json);
            self.foreign |= is_json;
            self.broken |= !is_json;
            let expected = if is_json {
                "an OSV record"
            } else {
                "one JSON object"
            };
            return self.problem(line, place, &format!("expected {expected}"));
        };
        match self.builder.osv(json) {
            Ok(()) => {
                self.found.records += 1;
                self.dated(head.modified.as_ref().and_then(Value::as_str));
            }
            Err(what) => {
                self.broken = true;
                self.problem(line, place, &what);
            }
        }
    }

    /// Takes the day that a text begins with. Some databases give the year 1 where they know none.
    fn dated(&mut self, text: Option<&str>) {
        let day = text.and_then(|t| t.get(..10)).and_then(|t| t.parse().ok());
        let told = day.filter(|day: &Date| day.year() > 1 && *day <= self.today);
        self.found.as_of = self.found.as_of.max(told);
    }

    fn problem(&mut self, line: Option<u64>, place: Option<&str>, what: &str) {
        self.found.unread += 1;
        if self.problems.len() < PROBLEMS {
            self.problems.push(Problem {
                part: self.name.to_owned(),
                line,
                column: place.map(str::to_owned),
                message: what.to_owned(),
                lost: true,
            });
        }
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "ends in the middle".into(),
        kind => format!("is damaged: {kind}"),
    }
}

/// Reads to the end of a line, which stays; whether there was one.
fn line(bytes: &mut impl BufRead, into: &mut Vec<u8>) -> Result<bool, String> {
    bytes
        .take(DOCUMENT)
        .read_until(b'\n', into)
        .map_err(|e| unreadable(&e))?;
    if into.len() as u64 == DOCUMENT {
        return Err("holds a line of more than 256 MiB".into());
    }
    Ok(into.last() == Some(&b'\n'))
}

/// The rest of a text behind its first line.
fn whole(first: &[u8], bytes: &mut impl BufRead) -> Result<String, String> {
    let mut all = first.to_vec();
    bytes
        .take(DOCUMENT)
        .read_to_end(&mut all)
        .map_err(|e| unreadable(&e))?;
    if all.len() as u64 >= DOCUMENT {
        return Err("is longer than 256 MiB: give it as lines or as a zip".into());
    }
    let text = String::from_utf8_lossy(&all);
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && is_json(text)
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
