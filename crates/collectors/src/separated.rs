//! Rows of comma-, semicolon- or tab-separated text, one at a time, in whatever encoding.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A row longer than this is taken for a quotation mark that was never closed.
const ROW_BYTES: u64 = 1 << 20;
/// How much of the text decides which separator it uses.
const SAMPLE: usize = 64 << 10;

/// The encoding of the text, and how many bytes its mark takes. Reads to the end.
///
/// # Errors
/// When reading fails, or the bytes are not text.
pub(crate) fn encoding(bytes: impl Read) -> Result<&'static Encoding, String> {
    let mut bytes = BufReader::with_capacity(SAMPLE, bytes);
    let first = bytes.fill_buf().map_err(|e| unreadable(&e))?;
    if let Some((encoding, _)) = Encoding::for_bom(first) {
        return Ok(encoding);
    }
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut room = String::with_capacity(SAMPLE * 3);
    let mut valid = true;
    loop {
        let chunk = bytes.fill_buf().map_err(|e| unreadable(&e))?;
        if chunk.contains(&0) {
            return Err("is not a table in text form: it holds zero bytes".into());
        }
        let (length, last) = (chunk.len(), chunk.is_empty());
        if valid {
            room.clear();
            valid = !decoder.decode_to_string(chunk, &mut room, last).2;
        }
        bytes.consume(length);
        if last {
            return Ok(if valid { UTF_8 } else { WINDOWS_1252 });
        }
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("cannot be read: {}", error.kind())
}

/// Hands out every row with its line number, from 1.
///
/// # Errors
/// A sentence about what is wrong with the text, without its contents.
pub(crate) fn rows(
    bytes: impl Read,
    encoding: &'static Encoding,
    each: &mut dyn FnMut(u64, &[String]),
) -> Result<(), String> {
    let mut text = BufReader::with_capacity(SAMPLE, Decoded::new(bytes, encoding));
    let (separator, skip) = separator(text.fill_buf().map_err(|e| unreadable(&e))?);
    text.consume(skip);
    let taken = Rc::new(Cell::new(0));
    let guarded = Guarded {
        inner: text,
        taken: Rc::clone(&taken),
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(guarded);
    let mut record = csv::StringRecord::new();
    let mut cells = Vec::new();
    loop {
        taken.set(0);
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(broken(&error)),
        }
        cells.clear();
        cells.extend(record.iter().map(cell));
        let line = record.position().map_or(0, csv::Position::line);
        each(line + u64::from(skip > 0), &cells);
    }
}

fn broken(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(e) if e.kind() == io::ErrorKind::InvalidData => {
            let line = error.position().map_or(0, csv::Position::line);
            format!(
                "has a row longer than {ROW_BYTES} bytes near line {line}: a quotation mark may not be closed"
            )
        }
        csv::ErrorKind::Io(e) => unreadable(e),
        _ => "is not a table in text form".into(),
    }
}

/// A cell's text. `="00123"` is how spreadsheets are told to leave a number's zeros alone;
/// anything else that looks like a formula stays the text it is.
fn cell(raw: &str) -> String {
    let text = raw.trim();
    text.strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('"'))
        .unwrap_or(text)
        .to_owned()
}

/// The separator that the first lines use most, and how many bytes a `sep=` line takes.
fn separator(sample: &[u8]) -> (u8, usize) {
    if let [
        b's' | b'S',
        b'e' | b'E',
        b'p' | b'P',
        b'=',
        separator,
        rest @ ..,
    ] = sample
    {
        let end = rest
            .iter()
            .position(|b| *b == b'\n')
            .map_or(rest.len(), |i| i + 1);
        return (*separator, 5 + end);
    }
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let (mut quoted, mut lines) = (false, 0);
    for byte in sample {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => lines += 1,
            _ if !quoted => {
                if let Some(count) = counts.iter_mut().find(|(s, _)| s == byte) {
                    count.1 += 1;
                }
            }
            _ => {}
        }
        if lines == 20 {
            break;
        }
    }
    // The first of equals wins, so a text without any separator is read with commas.
    let mut best = counts[0];
    for count in counts {
        if count.1 > best.1 {
            best = count;
        }
    }
    (best.0, 0)
}

/// Fails once more than [`ROW_BYTES`] were taken without a row having come of them.
struct Guarded<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.taken.get() > ROW_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let count = self.inner.read(room)?;
        self.taken.set(self.taken.get() + count as u64);
        Ok(count)
    }
}

/// Bytes of any encoding as UTF-8, without the byte order mark.
struct Decoded<R> {
    inner: BufReader<R>,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Decoded {
            inner: BufReader::with_capacity(SAMPLE, inner),
            decoder: encoding.new_decoder_with_bom_removal(),
            ready: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let chunk = self.inner.fill_buf()?;
        let (length, last) = (chunk.len(), chunk.is_empty());
        self.ready.resize(length * 3 + 16, 0);
        let (_, _, written, _) = self.decoder.decode_to_utf8(chunk, &mut self.ready, last);
        self.ready.truncate(written);
        self.given = 0;
        self.inner.consume(length);
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.refill()?;
        }
        let count = room.len().min(self.ready.len() - self.given);
        room[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// The bytes as UTF-8, without the byte order mark.
pub(crate) fn decoded(bytes: impl Read, encoding: &'static Encoding) -> impl Read {
    Decoded::new(bytes, encoding)
}

/// Whether the encoding is one of those that carry a mark or need none.
pub(crate) fn is_certain(encoding: &'static Encoding) -> bool {
    [UTF_8, UTF_16LE, UTF_16BE].contains(&encoding)
}
