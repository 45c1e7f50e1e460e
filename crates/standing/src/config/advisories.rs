//! `[advisories]`: where the advisories come from by which components are judged.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::notify::may_go_to;
use super::{EVERY_HOURS, Reader};
use crate::advisories::Kind;

/// Longest file where the configuration does not say, in MiB.
const LONGEST_MEBIBYTES: i64 = 1024;

/// One file that is fetched over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The name by which it is listed, updated alone and compared with what it was.
    pub name: String,
    /// What it must hold.
    pub kind: Kind,
    /// Its address. It may hold a secret.
    pub url: String,
    /// SHA-256 that it must have, in small hexadecimal digits.
    pub sha256: Option<String>,
}

/// The validated section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisories {
    /// Files that are fetched.
    pub feeds: Vec<Feed>,
    /// Folder of files that somebody put there.
    pub folder: Option<PathBuf>,
    /// Hours after which the server takes in what is published then; 0: only when somebody asks for it.
    pub every_hours: i64,
    /// Longest file, in MiB.
    pub longest_mebibytes: i64,
    /// File of certificates, PEM, that are believed instead of the system's own.
    pub ca_file: Option<PathBuf>,
}

impl Default for Advisories {
    fn default() -> Self {
        Advisories {
            feeds: Vec::new(),
            folder: None,
            every_hours: EVERY_HOURS,
            longest_mebibytes: LONGEST_MEBIBYTES,
            ca_file: None,
        }
    }
}

impl<'t> Reader<'t> {
    /// Reads `[advisories]`; without it only a folder given at the keyboard is read.
    pub(super) fn advisories(&mut self, file: &DeTable<'t>) -> Option<Advisories> {
        let at = file.get_key_value("advisories")?.0.span().start;
        let table = self.table(file, "advisories")?;
        let known = [
            "osv",
            "kev",
            "epss",
            "folder",
            "every_hours",
            "longest_mebibytes",
            "ca_file",
        ];
        self.known(table, "[advisories]", &known);
        let mut feeds = self.osv(table);
        feeds.extend(self.single(table, "kev", Kind::Kev));
        feeds.extend(self.single(table, "epss", Kind::Epss));
        self.named_once(at, &feeds);
        let folder = self.text(table, "folder").map(PathBuf::from);
        if ["osv", "kev", "epss", "folder"]
            .iter()
            .all(|n| table.get(*n).is_none())
        {
            let what = "[advisories] names nothing to read: expected osv, kev, epss or folder";
            self.mistake(at, what, None);
        }
        let usual = Advisories::default();
        Some(Advisories {
            feeds,
            folder,
            every_hours: self
                .number(table, "every_hours", 0..=8784)
                .unwrap_or(usual.every_hours),
            longest_mebibytes: self
                .number(table, "longest_mebibytes", 1..=16_384)
                .unwrap_or(usual.longest_mebibytes),
            ca_file: self.text(table, "ca_file").map(PathBuf::from),
        })
    }

    fn osv(&mut self, table: &DeTable<'t>) -> Vec<Feed> {
        let Some(value) = table.get("osv") else {
            return Vec::new();
        };
        let expected = "osv: expected a list as [{ name = \"Debian\", url = \"https://…\" }]";
        let DeValue::Array(list) = value.get_ref() else {
            self.mistake(value.span().start, expected, None);
            return Vec::new();
        };
        let mut feeds = Vec::new();
        for one in list {
            let at = one.span().start;
            match one.get_ref() {
                DeValue::Table(inner) => {
                    self.known(inner, "[advisories] osv", &["name", "url", "sha256"]);
                    let name = self.feed_name(inner, at);
                    feeds.extend(name.and_then(|name| self.feed(inner, at, name, Kind::Osv)));
                }
                _ => self.mistake(at, expected, None),
            }
        }
        feeds
    }

    fn feed_name(&mut self, table: &DeTable<'t>, at: usize) -> Option<String> {
        let Some(name) = self.text(table, "name") else {
            if table.get("name").is_none() {
                self.mistake(at, "[advisories] osv: a feed has no name", None);
            }
            return None;
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || " .:_-".contains(c);
        let reserved = ["kev", "epss"].iter().any(|r| name.eq_ignore_ascii_case(r));
        if name.trim().is_empty() || !name.chars().all(plain) || reserved {
            let what = format!(
                "[advisories] osv: name {name:?}: expected letters, digits, blanks and . : _ -, and neither \
                 \"kev\" nor \"epss\""
            );
            self.mistake(at, what, None);
            return None;
        }
        Some(name)
    }

    /// A feed of which there is one: its address alone, or a table with its digest.
    fn single(&mut self, table: &DeTable<'t>, name: &str, kind: Kind) -> Option<Feed> {
        let value = table.get(name)?;
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(url) => self.checked(at, name, kind, url.to_string(), None),
            DeValue::Table(inner) => {
                self.known(inner, &format!("[advisories] {name}"), &["url", "sha256"]);
                self.feed(inner, at, name.to_owned(), kind)
            }
            _ => {
                let what = format!("{name}: expected an address as \"https://…\"");
                self.mistake(at, what, None);
                None
            }
        }
    }

    fn feed(&mut self, table: &DeTable<'t>, at: usize, name: String, kind: Kind) -> Option<Feed> {
        let Some(url) = self.text(table, "url") else {
            if table.get("url").is_none() {
                self.mistake(at, format!("[advisories] {name} has no url"), None);
            }
            return None;
        };
        let sha256 = self.text(table, "sha256");
        self.checked(at, &name, kind, url, sha256)
    }

    fn checked(
        &mut self,
        at: usize,
        name: &str,
        kind: Kind,
        url: String,
        sha256: Option<String>,
    ) -> Option<Feed> {
        if !may_go_to(&url) {
            let what = format!("[advisories] {name}: url: expected https://…");
            self.mistake(at, what, None);
            return None;
        }
        let digits =
            |text: &String| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        if sha256.as_ref().is_some_and(|text| !digits(text)) {
            let what = format!("[advisories] {name}: sha256: expected 64 hexadecimal digits");
            self.mistake(at, what, None);
            return None;
        }
        Some(Feed {
            name: name.to_owned(),
            kind,
            url,
            sha256: sha256.map(|text| text.to_ascii_lowercase()),
        })
    }

    fn named_once(&mut self, at: usize, feeds: &[Feed]) {
        for (n, feed) in feeds.iter().enumerate() {
            if feeds[..n].iter().any(|f| f.name == feed.name) {
                let what = format!("[advisories] names {:?} twice", feed.name);
                self.mistake(at, what, None);
            }
        }
    }
}
