//! What somebody exported as one document, unpacked; it may be read more than once.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use encoding_rs::Encoding;
use standing_facts::GapCode;
use zip::ZipArchive;

use crate::{Kept, Parts, Sink, separated};

/// The most that one document may unpack to.
const UNPACKED_BYTES: u64 = 1 << 30;
/// The longest archive.
const ARCHIVE_BYTES: u64 = 512 << 20;
/// The most that one file of an archive may unpack to.
const ENTRY_BYTES: u64 = 128 << 20;
/// The most that all files of an archive may unpack to, each read twice.
const ALL_BYTES: u64 = 4 << 30;
/// The most files of an archive.
const ENTRIES: usize = 10_000;

type Opened<'a> = io::Result<Box<dyn Read + 'a>>;

/// One document.
pub(crate) struct Document<'a> {
    /// Its name in messages.
    pub(crate) part: String,
    /// Its file's name without folders and endings: what an asset is called that nobody names.
    pub(crate) stem: String,
    open: Box<dyn Fn() -> Opened<'a> + 'a>,
}

impl<'a> Document<'a> {
    /// Bytes that are in memory, told as part of `part`.
    pub(crate) fn of_memory(part: &str, stem: &str, bytes: &'a [u8]) -> Self {
        Document {
            part: part.to_owned(),
            stem: stem.to_owned(),
            open: Box::new(move || Ok(Box::new(bytes))),
        }
    }

    /// The bytes as they are.
    pub(crate) fn raw(&self) -> Result<Box<dyn Read + 'a>, Refusal> {
        (self.open)().map_err(|e| Refusal::io(&e))
    }

    /// The bytes as UTF-8 without a mark, where a mark says in which encoding they are.
    pub(crate) fn text(&self) -> Result<Box<dyn Read + 'a>, Refusal> {
        let mut bytes = BufReader::new(self.raw()?);
        let start = bytes.fill_buf().map_err(|e| Refusal::io(&e))?;
        Ok(match Encoding::for_bom(start) {
            Some((encoding, _)) => Box::new(separated::decoded(bytes, encoding)),
            None => Box::new(bytes),
        })
    }
}

/// Why a document, or the rest of it, is not read.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: GapCode,
    line: Option<u64>,
    why: String,
}

impl Refusal {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Refusal {
            code: GapCode::Malformed,
            line: None,
            why: why.into(),
        }
    }

    pub(crate) fn too_large(why: impl Into<String>) -> Self {
        Refusal {
            code: GapCode::TooLarge,
            ..Refusal::new(why)
        }
    }

    /// The sentence that says it.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    pub(crate) fn at(self, line: usize) -> Self {
        let line = u64::try_from(line).ok().filter(|line| *line > 0);
        Refusal { line, ..self }
    }

    pub(crate) fn io(error: &io::Error) -> Self {
        Refusal::of_kind(error.kind())
    }

    fn of_kind(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::FileTooLarge => Refusal::too_large(
                "unpacks to more than is read: 1 GiB, and 128 MiB for a file of an archive",
            ),
            kind => Refusal::new(format!("cannot be read: {kind}")),
        }
    }

    /// The parser's own words may repeat values, so only its place is kept.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let why = match (error.classify(), error.io_error_kind()) {
            (Category::Io, Some(kind)) => return Refusal::of_kind(kind),
            (Category::Eof, _) => "ends in the middle",
            (Category::Data, _) => "a member is not of the type that this form gives it",
            _ => "is not JSON",
        };
        Refusal::new(why).at(error.line())
    }

    /// A document alone fails the run; one of many is a problem, or a gap where it is too large.
    pub(crate) fn report(self, part: &str, alone: bool, sink: &mut Sink<'_>) {
        let place = self.line.map(|l| format!(" line {l}")).unwrap_or_default();
        if alone {
            sink.fail(self.code, format!("{part}{place} {}", self.why));
        } else if self.code == GapCode::TooLarge {
            sink.gap(None, self.code, format!("{part} {}", self.why));
        } else {
            sink.problem(part, self.line, None, self.why);
        }
    }
}

/// Every document of the parts: archives are taken apart.
pub(crate) fn all<'a>(parts: &'a Parts<'_>, sink: &mut Sink<'_>) -> Vec<Document<'a>> {
    let mut all = Vec::new();
    for part in parts.list() {
        if let Err(refusal) = unpack(parts, part, &mut all, sink) {
            refusal.report(&part.name, parts.list().len() == 1, sink);
        }
    }
    all
}

fn unpack<'a>(
    parts: &'a Parts<'_>,
    part: &'a Kept,
    all: &mut Vec<Document<'a>>,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let mut first = Vec::new();
    let bytes = parts.open(part).map_err(|e| Refusal::io(&e))?;
    let read = bytes.take(4).read_to_end(&mut first);
    read.map_err(|e| Refusal::io(&e))?;
    if first.starts_with(b"PK") {
        return archive(parts, part, all, sink);
    }
    let packed = first.starts_with(&[0x1f, 0x8b]);
    all.push(Document {
        part: part.name.clone(),
        stem: stem(&part.name),
        open: Box::new(move || {
            let bytes = parts.open(part)?;
            Ok(match packed {
                true => limited(flate2::read::MultiGzDecoder::new(bytes)),
                false => limited(bytes),
            })
        }),
    });
    Ok(())
}

fn limited<'a>(bytes: impl Read + 'a) -> Box<dyn Read + 'a> {
    Box::new(Limited {
        bytes,
        left: UNPACKED_BYTES,
    })
}

/// Fails after [`UNPACKED_BYTES`].
struct Limited<R> {
    bytes: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(room)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

/// A zip is read from its end, so it is laid into a nameless temporary file first.
fn archive<'a>(
    parts: &'a Parts<'_>,
    part: &'a Kept,
    all: &mut Vec<Document<'a>>,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    if part.bytes > ARCHIVE_BYTES {
        return Err(Refusal::too_large("is longer than 512 MiB"));
    }
    let bytes = parts.open(part).map_err(|e| Refusal::io(&e))?;
    let file = spool(bytes).map_err(|e| Refusal::io(&e))?;
    let damaged = "is no readable zip: its directory is damaged";
    let zip = ZipArchive::new(file).map_err(|_| Refusal::new(damaged))?;
    let count = zip.len();
    if count > ENTRIES {
        let why = format!("holds {count} files; at most {ENTRIES} are read");
        return Err(Refusal::too_large(why));
    }
    let zip = Rc::new(RefCell::new(Archive::new(zip)));
    let before = all.len();
    let mut others = 0;
    for index in 0..count {
        let place = format!("{} file {}", part.name, index + 1);
        match zip.borrow_mut().name(index) {
            Err(()) => sink.problem(&place, None, None, "damaged, or packed in a way not read"),
            Ok(None) => others += 1,
            Ok(Some(name)) => all.push(of_entry(place, &name, index, Rc::clone(&zip))),
        }
    }
    if all.len() == before {
        return Err(Refusal::new(
            "is an archive in which no file is of a known form",
        ));
    }
    if others > 0 {
        let what = format!("files of other forms, left out: {others}");
        sink.notice(&part.name, None, None, what);
    }
    Ok(())
}

fn spool(mut bytes: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut bytes, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Forms that are looked for in archives.
const ENDINGS: [&str; 6] = [".json", ".jsonl", ".ndjson", ".csv", ".nessus", ".sarif"];

/// An archive, with the file that was last unpacked: a document is opened several times in a row.
struct Archive {
    zip: ZipArchive<File>,
    last: Option<(usize, Rc<[u8]>)>,
    left: u64,
}

impl Archive {
    fn new(zip: ZipArchive<File>) -> Self {
        Archive {
            zip,
            last: None,
            left: ALL_BYTES,
        }
    }

    /// The name of a file of a known form; `None` for folders and other files.
    fn name(&mut self, index: usize) -> Result<Option<String>, ()> {
        let file = self.zip.by_index(index).map_err(|_| ())?;
        let name = file.name().map_err(|_| ())?.to_ascii_lowercase();
        let is_known = ENDINGS.iter().any(|end| name.ends_with(end));
        // Beside each file, macOS packs one that describes it.
        let is_description = name.starts_with("__macosx/");
        Ok((is_known && !is_description).then_some(name))
    }

    fn bytes(&mut self, index: usize) -> io::Result<Rc<[u8]>> {
        if let Some((_, bytes)) = self.last.as_ref().filter(|(last, _)| *last == index) {
            return Ok(Rc::clone(bytes));
        }
        let file = self.zip.by_index(index).map_err(io::Error::other)?;
        let most = ENTRY_BYTES.min(self.left);
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.left -= bytes.len() as u64;
        let bytes: Rc<[u8]> = bytes.into();
        self.last = Some((index, Rc::clone(&bytes)));
        Ok(bytes)
    }
}

fn of_entry<'a>(
    place: String,
    name: &str,
    index: usize,
    archive: Rc<RefCell<Archive>>,
) -> Document<'a> {
    Document {
        part: place,
        stem: stem(name),
        open: Box::new(move || {
            let bytes = archive.borrow_mut().bytes(index)?;
            Ok(Box::new(Cursor::new(bytes)))
        }),
    }
}

/// A file's name without folders and endings.
fn stem(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let mut stem = file;
    for end in [
        ".gz", ".json", ".jsonl", ".ndjson", ".sarif", ".nessus", ".xml", ".csv", ".zip",
    ] {
        stem = stem
            .strip_suffix(end)
            .filter(|s| !s.is_empty())
            .unwrap_or(stem);
    }
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_an_error() {
        let read = |left| {
            let mut limited = Limited {
                bytes: &[0_u8; 10][..],
                left,
            };
            limited.read_to_end(&mut Vec::new()).map_err(|e| e.kind())
        };
        assert_eq!(read(10), Ok(10));
        assert_eq!(read(9), Err(io::ErrorKind::FileTooLarge));
    }

    #[test]
    fn an_archive_has_a_budget_and_unpacks_a_file_once_in_a_row() {
        let mut zip = zip::ZipWriter::new(tempfile::tempfile().expect("a file"));
        for name in ["a/ONE.json", "two.json", "__MACOSX/._two.json", "notes.txt"] {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(name, options).expect("an entry");
            zip.write_all(b"{}").expect("written");
        }
        let file = zip.finish().expect("an archive");
        let mut archive = Archive::new(ZipArchive::new(file).expect("an archive"));
        let names = [0, 1, 2, 3].map(|index| archive.name(index));
        let known = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(
            names,
            [known("a/one.json"), known("two.json"), Ok(None), Ok(None)]
        );
        archive.left = 3;
        for _ in 0..3 {
            assert_eq!(*archive.bytes(0).expect("two bytes"), *b"{}");
        }
        let kind = archive.bytes(1).map_err(|e| e.kind());
        assert_eq!(kind.err(), Some(io::ErrorKind::FileTooLarge));
    }

    #[test]
    fn stems_are_names_without_folders_and_endings() {
        for (name, expected) in [
            ("a/portal.json.gz", "portal"),
            ("portal.1.4.json", "portal.1.4"),
            (".json", ".json"),
            ("web", "web"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
