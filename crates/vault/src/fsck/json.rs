//! Whether an entry's bytes are its canonical form: a recogniser, not a parser.

use std::collections::VecDeque;

use crate::entry::Digest;

/// Deepest nesting allowed; the entry is the first level.
const DEEPEST: usize = 64;

/// What fsck needs to know of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gist {
    /// Blobs named in the body.
    pub(super) blobs: Vec<Digest>,
    /// The blob it erases, if it is an erasure.
    pub(super) erases: Option<Digest>,
}

/// Where the bytes depart from the form, and what was expected there.
pub(super) type Departure = (usize, &'static str);

/// Recognises entry number `seq`.
pub(super) fn gist(bytes: &[u8], seq: u64) -> Result<Gist, Departure> {
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err((error.valid_up_to(), "UTF-8"));
    }
    let mut scan = Scan {
        bytes,
        at: 0,
        blobs: Vec::new(),
    };
    scan.literal(b"{\"actor\":", "the member \"actor\"")?;
    scan.string()?;
    scan.literal(b",\"body\":", "the member \"body\"")?;
    let members = scan.object(2)?;
    scan.literal(b",\"kind\":", "the member \"kind\"")?;
    let kind = scan.string()?;
    scan.literal(b",\"seq\":", "the member \"seq\"")?;
    scan.literal(seq.to_string().as_bytes(), "the entry's own number")?;
    scan.literal(b",\"time\":\"", "the member \"time\"")?;
    scan.time()?;
    scan.literal(b"\"}", "the end of the entry")?;
    if scan.at < bytes.len() {
        return Err((scan.at, "nothing after the entry"));
    }
    let erases = (kind == b"erase").then_some(members.blob).flatten();
    Ok(Gist {
        blobs: scan.blobs,
        erases,
    })
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    blobs: Vec<Digest>,
}

/// What an object's own members say, for the erasing entry.
#[derive(Default)]
struct Members {
    blob: Option<Digest>,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn literal(&mut self, text: &[u8], expected: &'static str) -> Result<(), Departure> {
        for &byte in text {
            if self.peek() != Some(byte) {
                return Err((self.at, expected));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// The raw text between the quotes.
    fn string(&mut self) -> Result<&'a [u8], Departure> {
        self.literal(b"\"", "a string")?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.bytes[start..self.at - 1]);
                }
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err((self.at, "a character allowed in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Departure> {
        let rest = &self.bytes[self.at + 1..];
        let short = rest.first().is_some_and(|c| b"\"\\bfnrt".contains(c));
        let long = rest.len() >= 5
            && rest.starts_with(b"u00")
            && matches!(rest[3], b'0' | b'1')
            && matches!(rest[4], b'0'..=b'9' | b'a'..=b'f')
            && !matches!(&rest[3..5], b"08" | b"09" | b"0a" | b"0c" | b"0d");
        match (short, long) {
            (true, _) => self.at += 2,
            (_, true) => self.at += 6,
            _ => return Err((self.at, "a canonical escape")),
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Option<Digest>, Departure> {
        match self.peek() {
            Some(b'"') => {
                let digest = reference(self.string()?);
                self.blobs.extend(digest);
                return Ok(digest);
            }
            Some(b'{') => {
                self.object(depth)?;
            }
            Some(b'[') => self.array(depth)?,
            Some(b't') => self.literal(b"true", "true")?,
            Some(b'f') => self.literal(b"false", "false")?,
            Some(b'n') => self.literal(b"null", "null")?,
            _ => self.integer()?,
        }
        Ok(None)
    }

    fn integer(&mut self) -> Result<(), Departure> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
        let value = digits.parse::<i128>().ok();
        let fits = value.is_some_and(|v| {
            v.to_string() == digits && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&v)
        });
        if fits {
            Ok(())
        } else {
            Err((
                start,
                "a value; numbers only as integers of at most 64 bits",
            ))
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Departure> {
        self.deeper(depth)?;
        self.literal(b"[", "an array")?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.literal(b",", "a comma or the end of the array")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Members, Departure> {
        self.deeper(depth)?;
        self.literal(b"{", "an object")?;
        let mut members = Members::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members);
        }
        let mut before: Option<Vec<u8>> = None;
        loop {
            let start = self.at;
            let name = unescaped(self.string()?);
            if before.is_some_and(|before| before >= name) {
                return Err((start, "members sorted by name, each once"));
            }
            self.literal(b":", "a colon")?;
            let digest = self.value(depth + 1)?;
            if name == b"blob" {
                members.blob = digest;
            }
            before = Some(name);
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(members);
            }
            self.literal(b",", "a comma or the end of the object")?;
        }
    }

    fn deeper(&self, depth: usize) -> Result<(), Departure> {
        if depth > DEEPEST {
            return Err((self.at, "at most 64 levels"));
        }
        Ok(())
    }

    /// `YYYY-MM-DDThh:mm:ss.mmmZ`, and a day that exists.
    fn time(&mut self) -> Result<(), Departure> {
        let start = self.at;
        let mut numbers = VecDeque::new();
        for (digits, after) in [
            (4, "-"),
            (2, "-"),
            (2, "T"),
            (2, ":"),
            (2, ":"),
            (2, "."),
            (3, "Z"),
        ] {
            let mut number = 0u32;
            for _ in 0..digits {
                match self.peek() {
                    Some(c @ b'0'..=b'9') => number = number * 10 + u32::from(c - b'0'),
                    _ => return Err((self.at, "a digit of a time")),
                }
                self.at += 1;
            }
            self.literal(after.as_bytes(), "a time like 2026-11-07T09:30:00.000Z")?;
            numbers.push_back(number);
        }
        let [year, month, day, hour, minute, second] =
            std::array::from_fn(|i| numbers.get(i).copied().unwrap_or_default());
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60 {
            Ok(())
        } else {
            Err((start, "a time that exists"))
        }
    }
}

/// The digest that a string names: `blob:` and 64 hexadecimal digits in lower case.
fn reference(raw: &[u8]) -> Option<Digest> {
    let digits = raw.strip_prefix(b"blob:").filter(|d| d.len() == 64)?;
    let mut digest = [0; 32];
    for (i, &c) in digits.iter().enumerate() {
        let nibble = match c {
            b'0'..=b'9' => c - b'0',
            b'a'..=b'f' => c - b'a' + 10,
            _ => return None,
        };
        digest[i / 2] = digest[i / 2] << 4 | nibble;
    }
    Some(Digest(digest))
}

/// The bytes a recognised raw string stands for.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            out.push(byte);
            rest = after;
            continue;
        }
        let (value, length) = match after[0] {
            b'b' => (0x08, 1),
            b'f' => (0x0C, 1),
            b'n' => (b'\n', 1),
            b'r' => (b'\r', 1),
            b't' => (b'\t', 1),
            b'u' => {
                let low = if after[4] <= b'9' {
                    after[4] - b'0'
                } else {
                    after[4] - b'a' + 10
                };
                ((after[3] - b'0') << 4 | low, 5)
            }
            literal => (literal, 1),
        };
        out.push(value);
        rest = &after[length..];
    }
    out
}
