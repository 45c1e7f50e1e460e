//! OSV's bulk files: a zip with one record to a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use standing_facts::GapCode;
use zip::ZipArchive;

use super::record::{self, Tally};
use super::{RECORD_BYTES, Refusal, UNPACKED_BYTES};
use crate::{Kept, Sink};

/// The longest archive; the largest that OSV publishes has a few hundred megabytes.
const ARCHIVE_BYTES: u64 = 2 << 30;
/// The most files in it; the largest that OSV publishes has a few hundred thousand.
const FILES: usize = 1_000_000;

/// A zip is read from its end, so it is laid into a nameless temporary file first.
pub(super) fn read(
    bytes: impl Read,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    if part.bytes > ARCHIVE_BYTES {
        let why = "is longer than 2 GiB; no archive of advisories is";
        return Err(Refusal::new(GapCode::TooLarge, why));
    }
    let file = spool(bytes).map_err(|e| Refusal::io(&e))?;
    let mut zip = ZipArchive::new(file).map_err(|_| {
        Refusal::new(
            GapCode::Malformed,
            "is no readable zip: its directory is damaged",
        )
    })?;
    if zip.len() > FILES {
        let why = format!("holds {} files; at most {FILES} are read", zip.len());
        return Err(Refusal::new(GapCode::TooLarge, why));
    }
    let mut left = UNPACKED_BYTES;
    for index in 0..zip.len() {
        left = entry(&mut zip, index, left, part, tally, sink)?;
    }
    Ok(())
}

fn spool(mut bytes: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut bytes, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Reads one file of the archive; gives how many bytes may still be unpacked.
fn entry(
    zip: &mut ZipArchive<File>,
    index: usize,
    left: u64,
    part: &Kept,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> Result<u64, Refusal> {
    let place = format!("file {}", index + 1);
    let odd = |what: &str, sink: &mut Sink<'_>| sink.problem(&part.name, None, Some(&place), what);
    let Ok(file) = zip.by_index(index) else {
        odd("damaged, or packed in a way that is not read", sink);
        return Ok(left);
    };
    let is_other = |name: &str| !name.to_ascii_lowercase().ends_with(".json");
    if file.name().is_ok_and(|name| is_other(&name)) {
        tally.others += u64::from(!file.is_dir());
        return Ok(left);
    }
    let mut bytes = Vec::new();
    let read = file.take(RECORD_BYTES as u64 + 1).read_to_end(&mut bytes);
    let left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
        let why = "unpacks to more than 8 GiB; the rest was not read";
        Refusal::new(GapCode::TooLarge, why)
    })?;
    match (read, serde_json::from_slice(&bytes)) {
        _ if bytes.len() > RECORD_BYTES => odd("unpacks to more than 16 MiB: no record does", sink),
        (Ok(_), Ok(value)) => record::take(value, &part.name, None, Some(&place), tally, sink),
        (Ok(_), Err(_)) => odd("expected one JSON object", sink),
        (Err(_), _) => odd("damaged", sink),
    }
    Ok(left)
}
