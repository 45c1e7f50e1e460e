//! Package URLs: read, checked, brought into canonical form, and written.
//!
//! Source: <https://github.com/package-url/purl-spec>. Of the rules of single types, those are kept
//! that its suite of cases tests; where OSV's names keep the case of letters (`golang`, `npm`), so do we.

use std::collections::BTreeMap;
use std::fmt;

/// A package URL taken apart; all parts are decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purl {
    /// `deb`, `npm`, `pypi` …, in small letters.
    pub kind: String,
    /// What stands before the name, segments joined by `/`.
    pub namespace: Option<String>,
    /// The package's name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// `arch`, `distro` …; empty ones are left out.
    pub qualifiers: BTreeMap<String, String>,
    /// A place inside the package.
    pub subpath: Option<String>,
}

impl Purl {
    /// Takes a package URL apart. `None` where it is none, or breaks a rule of its type.
    pub fn parse(text: &str) -> Option<Purl> {
        let (rest, subpath) = match text.trim().rsplit_once('#') {
            Some((rest, subpath)) => (rest, Some(subpath)),
            None => (text.trim(), None),
        };
        let (rest, query) = rest.rsplit_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = rest.split_once(':')?;
        let (kind, path) = rest.trim_start_matches('/').split_once('/')?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return None;
        }
        // An `@` with a `/` behind it begins the scope of an npm package, not a version.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !version.contains('/') => (path, Some(version)),
            _ => (path, None),
        };
        // A name may not be missing at the end, as in `github.com/Alamofire/@5`.
        let path = if version.is_some() {
            path
        } else {
            path.trim_end_matches('/')
        };
        let (namespace, name) = match kind.eq_ignore_ascii_case("git") {
            // The name of a repository is a path.
            true => path.split_once('/').unwrap_or(("", path)),
            false => path.rsplit_once('/').unwrap_or(("", path)),
        };
        Purl {
            kind: kind.to_owned(),
            namespace: Some(segments(namespace, |_| true)?),
            name: segments(name, |_| true)?,
            version: version.map(decode).map_or(Some(None), |v| v.map(Some))?,
            qualifiers: qualifiers(query)?,
            subpath: Some(segments(subpath.unwrap_or_default(), |s| {
                s != "." && s != ".."
            })?),
        }
        .checked()
    }

    /// The same in canonical form. `None` where a part is missing, or breaks a rule of its type.
    pub fn checked(mut self) -> Option<Purl> {
        self.kind.make_ascii_lowercase();
        for part in [&mut self.namespace, &mut self.version, &mut self.subpath] {
            part.take_if(|text| text.is_empty());
        }
        let keys_fit = self.qualifiers.keys().all(|key| is_key(key));
        self.qualifiers.retain(|_, value| !value.is_empty());
        if !is_kind(&self.kind) || self.name.is_empty() || !keys_fit {
            return None;
        }
        self.fold();
        self.keeps_its_rules().then_some(self)
    }

    /// Drops what the type does not tell apart.
    fn fold(&mut self) {
        let lower = |text: &mut String| *text = text.to_lowercase();
        let databricks = |url: &String| url.contains("azuredatabricks.net");
        match self.kind.as_str() {
            "alpm" | "apk" | "bitbucket" | "bitnami" | "brew" | "composer" | "deb" | "git"
            | "github" | "hex" | "luarocks" | "oci" | "otp" | "pub" | "vscode-extension" => {
                self.namespace.iter_mut().for_each(lower);
                lower(&mut self.name);
            }
            "rpm" | "qpkg" => self.namespace.iter_mut().for_each(lower),
            "huggingface" => self.version.iter_mut().for_each(lower),
            "pypi" => self.name = self.name.to_lowercase().replace('_', "-"),
            "mlflow"
                if self
                    .qualifiers
                    .get("repository_url")
                    .is_some_and(databricks) =>
            {
                lower(&mut self.name);
            }
            _ => {}
        }
    }

    fn keeps_its_rules(&self) -> bool {
        let numbered = |v: &String| v.chars().all(|c| c.is_ascii_digit() || c == '.');
        match self.kind.as_str() {
            "cpan" => !self.name.contains("::"),
            "swift" | "vscode-extension" => self.namespace.is_some(),
            "otp" | "vcpkg" => self.namespace.is_none(),
            "julia" => self.qualifiers.contains_key("uuid"),
            "chrome-extension" => {
                self.name.len() == 32
                    && self.name.bytes().all(|b| (b'a'..=b'p').contains(&b))
                    && self.version.as_ref().is_none_or(numbered)
            }
            _ => true,
        }
    }
}

impl fmt::Display for Purl {
    /// The canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |text: &str| text.split('/').map(encode).collect::<Vec<_>>().join("/");
        write!(f, "pkg:{}/", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{}/", path(namespace))?;
        }
        match self.kind.as_str() {
            "git" => f.write_str(&path(&self.name))?,
            _ => f.write_str(&encode(&self.name))?,
        }
        if let Some(version) = &self.version {
            write!(f, "@{}", encode(version))?;
        }
        for (i, (key, value)) in self.qualifiers.iter().enumerate() {
            let mark = if i == 0 { '?' } else { '&' };
            write!(f, "{mark}{key}={}", encode(value))?;
        }
        match &self.subpath {
            Some(subpath) => write!(f, "#{}", path(subpath)),
            None => Ok(()),
        }
    }
}

fn is_kind(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

fn segments(text: &str, counts: impl Fn(&str) -> bool) -> Option<String> {
    let parts = text
        .split('/')
        .filter(|part| !part.is_empty() && counts(part));
    Some(parts.map(decode).collect::<Option<Vec<_>>>()?.join("/"))
}

fn qualifiers(query: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let told = found.insert(key.to_ascii_lowercase(), decode(value)?);
        if told.is_some() {
            return None;
        }
    }
    Some(found)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// One part of a package URL in its written form.
fn encode(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}
