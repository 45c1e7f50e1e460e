//! Entries of an LDIF file (RFC 2849), one at a time.

use std::io::{BufRead, BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest physical line. Exports without folding put a photograph on one line.
const LINE_BYTES: usize = 8 << 20;
/// Attributes that are read. Passwords and photographs are never even put together.
const WANTED: [&str; 43] = [
    "dn",
    "changetype",
    "control",
    "objectclass",
    "objectguid",
    "entryuuid",
    "cn",
    "uid",
    "samaccountname",
    "userprincipalname",
    "displayname",
    "mail",
    "employeeid",
    "employeenumber",
    "useraccountcontrol",
    "accountexpires",
    "lastlogontimestamp",
    "lastlogon",
    "pwdlastset",
    "whencreated",
    "whenchanged",
    "createtimestamp",
    "modifytimestamp",
    "memberof",
    "primarygroupid",
    "member",
    "uniquemember",
    "memberuid",
    "roleoccupant",
    "shadowexpire",
    "shadowlastchange",
    "pwdaccountlockedtime",
    "pwdchangedtime",
    "pwdlastsuccess",
    "authtimestamp",
    "logindisabled",
    "nsaccountlock",
    "search",
    "result",
    "ref",
    "version",
    "loginshell",
    "replpropertymetadata",
];
const SECRETS: [&str; 5] = [
    "userpassword",
    "unicodepwd",
    "sambantpassword",
    "sambalmpassword",
    "ms-mcs-admpwd",
];

/// One entry: its attributes by lower-case name, without options.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The line its first attribute stands on, from 1.
    pub(super) line: u64,
    values: Vec<(String, Vec<u8>)>,
    /// Attributes of which only a range of values came (`member;range=0-1499`).
    pub(super) ranged: bool,
}

impl Entry {
    /// All values of an attribute that are text.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        let of_name = self.values.iter().filter(move |(n, _)| n == name);
        of_name
            .filter_map(|(_, v)| std::str::from_utf8(v).ok())
            .map(str::trim)
    }

    /// The first value that is text and not empty.
    pub(super) fn text<'e>(&'e self, name: &'e str) -> Option<&'e str> {
        self.all(name).find(|v| !v.is_empty())
    }

    /// The first value as bytes.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        let found = self.values.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_slice())
    }

    /// Whether it has that class.
    pub(super) fn is(&self, class: &str) -> bool {
        self.all("objectclass")
            .any(|c| c.eq_ignore_ascii_case(class))
    }
}

/// What a file holds, piece by piece.
pub(super) enum Piece {
    /// An entry, or the few lines that `ldapsearch` puts after the last one.
    Entry(Entry),
    /// A comment, without its mark.
    Comment(String),
    /// A line that is not `name: value`, or whose value does not decode.
    Odd(u64, &'static str),
    /// Password hashes stand in the file, first on this line.
    Secret(u64),
}

/// Hands out every piece of the file.
///
/// # Errors
/// The rest of a sentence that begins with the file's name.
pub(super) fn read(bytes: impl Read, each: &mut dyn FnMut(Piece)) -> Result<(), String> {
    let mut lines = BufReader::with_capacity(64 << 10, bytes);
    let mut state = State::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = LINE_BYTES as u64 + 1;
        let count = (&mut lines).take(limit).read_until(b'\n', &mut line);
        let count = count.map_err(|e| format!("cannot be read: {}", e.kind()))?;
        if count > LINE_BYTES {
            return Err(format!("has a line longer than {LINE_BYTES} bytes"));
        }
        if count == 0 {
            break;
        }
        state.number += 1;
        while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            line.pop();
        }
        state.line(&line, each)?;
    }
    state.end_line(each)?;
    state.end_entry(each);
    Ok(())
}

/// What is being put together.
#[derive(Default)]
struct State {
    number: u64,
    /// The logical line so far, and the number of its first physical line.
    logical: Vec<u8>,
    started: u64,
    /// The rest of an attribute nobody wants is passed over.
    skipping: bool,
    entry: Entry,
    warned: bool,
}

impl State {
    fn line(&mut self, line: &[u8], each: &mut dyn FnMut(Piece)) -> Result<(), String> {
        if line.contains(&0) {
            return Err("is not LDIF text: it holds zero bytes".into());
        }
        if let Some(rest) = line.strip_prefix(b" ") {
            if !self.skipping {
                self.logical.extend_from_slice(rest);
            }
            if self.logical.len() > LINE_BYTES {
                return Err(format!("has a value longer than {LINE_BYTES} bytes"));
            }
            return Ok(());
        }
        self.end_line(each)?;
        if line.is_empty() {
            self.end_entry(each);
            return Ok(());
        }
        self.started = self.number;
        self.skipping = line[0] != b'#' && self.passes_over(line, each);
        if !self.skipping {
            self.logical.extend_from_slice(line);
        }
        Ok(())
    }

    /// Whether this line begins an attribute that is not wanted.
    fn passes_over(&mut self, line: &[u8], each: &mut dyn FnMut(Piece)) -> bool {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            return false;
        };
        let name = name(&line[..colon]).0;
        if SECRETS.contains(&name.as_str()) && !self.warned {
            self.warned = true;
            each(Piece::Secret(self.started));
        }
        // A URL is refused wherever it stands, so it is not passed over.
        !WANTED.contains(&name.as_str()) && line.get(colon + 1) != Some(&b'<')
    }

    fn end_line(&mut self, each: &mut dyn FnMut(Piece)) -> Result<(), String> {
        self.skipping = false;
        if self.logical.is_empty() {
            return Ok(());
        }
        let logical = std::mem::take(&mut self.logical);
        if let Some(comment) = logical.strip_prefix(b"#") {
            let comment = String::from_utf8_lossy(comment);
            each(Piece::Comment(comment.trim().to_owned()));
            return Ok(());
        }
        let Some(colon) = logical.iter().position(|b| *b == b':') else {
            each(Piece::Odd(self.started, "expected attribute: value"));
            return Ok(());
        };
        let (name, ranged) = name(&logical[..colon]);
        let value = match logical.get(colon + 1) {
            Some(b'<') => {
                let line = self.started;
                return Err(format!(
                    "line {line} refers to a URL, which is not followed"
                ));
            }
            Some(b':') => match STANDARD.decode(logical[colon + 2..].trim_ascii()) {
                Ok(value) => value,
                Err(_) => {
                    each(Piece::Odd(self.started, "expected base64 after two colons"));
                    return Ok(());
                }
            },
            _ => logical[colon + 1..].trim_ascii().to_vec(),
        };
        // Within an entry a control belongs to a change. Without a dn it is the line that
        // `ldapsearch -E pr=` prints after each page.
        let is_control = name == "control" && self.entry.text("dn").is_some();
        if name == "changetype" && !value.eq_ignore_ascii_case(b"add") || is_control {
            let line = self.started;
            return Err(format!(
                "line {line} makes it a list of changes, not of entries"
            ));
        }
        if name == "dn" || self.entry.values.is_empty() {
            self.entry.line = self.started;
        }
        self.entry.ranged |= ranged;
        self.entry.values.push((name, value));
        Ok(())
    }

    fn end_entry(&mut self, each: &mut dyn FnMut(Piece)) {
        let entry = std::mem::take(&mut self.entry);
        let only_version = entry.values.iter().all(|(n, _)| n == "version");
        if !only_version {
            each(Piece::Entry(entry));
        }
    }
}

/// The attribute's name in lower case without its options, and whether one is a range that ends
/// before the last value.
fn name(written: &[u8]) -> (String, bool) {
    let written = String::from_utf8_lossy(written).to_ascii_lowercase();
    let mut pieces = written.split(';');
    let name = pieces.next().unwrap_or_default().trim().to_owned();
    let ranged = pieces.any(|option| option.starts_with("range=") && !option.ends_with("-*"));
    (name, ranged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Entry> {
        let mut found = Vec::new();
        read(text.as_bytes(), &mut |piece| {
            if let Piece::Entry(entry) = piece {
                found.push(entry);
            }
        })
        .unwrap();
        found
    }

    #[test]
    fn folded_and_encoded_values_are_put_together() {
        let text =
            "version: 1\n# a comment\n  folded: no\ndn: cn=a\r\n b,dc=test\ncn:: w\n 5o=\n\n";
        let found = entries(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text("dn"), Some("cn=ab,dc=test"));
        assert_eq!(found[0].text("cn"), Some("Ú"));
        assert_eq!(found[0].line, 4);
    }

    #[test]
    fn unwanted_values_are_never_put_together() {
        let found = entries("dn: cn=a\nuserPassword:: e1NTSEF9\n eA==\njpegPhoto:: AAAA\n AAAA\n");
        assert_eq!(found[0].values.len(), 1);
    }

    #[test]
    fn changes_and_urls_are_refused() {
        for (text, why) in [
            (
                "dn: cn=a\nchangetype: modify\n",
                "line 2 makes it a list of changes",
            ),
            (
                "dn: cn=a\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n",
                "line 2 makes it a list of changes",
            ),
            (
                "dn: cn=a\njpegPhoto:< file:///etc/passwd\n",
                "line 2 refers to a URL",
            ),
        ] {
            let error = read(text.as_bytes(), &mut |_| {}).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        assert_eq!(entries("dn: cn=a\nchangetype: add\n").len(), 1);
    }

    #[test]
    fn the_end_of_a_page_is_no_change() {
        let page =
            "search: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\n";
        let found = entries(&format!("dn: cn=a\n\n{page}\n{page}\ndn: cn=b\n"));
        assert_eq!(found.iter().filter(|e| e.text("dn").is_some()).count(), 2);
    }

    #[test]
    fn the_last_range_is_whole() {
        assert!(entries("dn: cn=a\nmember;range=0-1499: cn=b\n")[0].ranged);
        assert!(!entries("dn: cn=a\nmember;range=1500-*: cn=b\n")[0].ranged);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::sample::select(b":<#;= \n\rdcn\xc3\0".to_vec()), 0..40)) {
            let _ = read(bytes.as_slice(), &mut |_| {});
        }

        #[test]
        fn no_text_panics(text in "((dn|cn|member)(;range=0-[0-9]|;range=1-\\*)?(:|::|:<)? ?[a-zA-Z=, é]{0,9}\\r?\\n? ?){0,9}") {
            let _ = read(text.as_bytes(), &mut |_| {});
        }
    }
}
