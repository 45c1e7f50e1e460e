//! Package URLs, as far as an inventory needs them.
//!
//! Source: <https://github.com/package-url/purl-spec>. Subpaths are not kept.

use std::collections::BTreeMap;

/// A package URL taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purl {
    /// `deb`, `npm`, `pypi` …, in small letters.
    pub(crate) kind: String,
    /// What stands before the name, decoded, segments joined by `/`.
    pub(crate) namespace: Option<String>,
    /// The package's name, decoded.
    pub(crate) name: String,
    /// The version, decoded.
    pub(crate) version: Option<String>,
    /// `arch`, `distro` …, decoded; empty ones are left out.
    pub(crate) qualifiers: BTreeMap<String, String>,
}

/// Takes a package URL apart. `None` where it is none.
pub(crate) fn parse(text: &str) -> Option<Purl> {
    let text = text.trim();
    let text = text.split_once('#').map_or(text, |(rest, _)| rest);
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let (scheme, rest) = text.split_once(':')?;
    let (kind, path) = rest.trim_start_matches('/').split_once('/')?;
    if !scheme.eq_ignore_ascii_case("pkg") || !is_kind(kind) {
        return None;
    }
    // An `@` with a `/` behind it begins the scope of an npm package, not a version.
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') => (path, Some(version)),
        _ => (path, None),
    };
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|s| !s.is_empty())
        .map(decode)
        .collect::<Option<_>>()?;
    let name = segments.pop().filter(|n| !n.is_empty())?;
    let version = version.map(decode);
    Some(Purl {
        kind: kind.to_ascii_lowercase(),
        namespace: (!segments.is_empty()).then(|| segments.join("/")),
        name,
        version: match version {
            Some(version) => Some(version?).filter(|v| !v.is_empty()),
            None => None,
        },
        qualifiers: qualifiers(query)?,
    })
}

fn is_kind(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
}

fn qualifiers(query: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let value = decode(value)?;
        if !value.is_empty() {
            found.insert(key.to_ascii_lowercase(), value);
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
pub(crate) fn encode(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_decoded() {
        let purl = parse("pkg:npm/%40angular/animation@12.3.1%2Bx?a=1%202&b=#sub/path");
        let purl = purl.expect("a package URL");
        assert_eq!(purl.namespace.as_deref(), Some("@angular"));
        assert_eq!(purl.name, "animation");
        assert_eq!(purl.version.as_deref(), Some("12.3.1+x"));
        assert_eq!(
            purl.qualifiers,
            BTreeMap::from([("a".into(), "1 2".into())])
        );
    }

    #[test]
    fn a_scope_is_no_version() {
        let purl = parse("pkg:npm/@angular/animation").expect("a package URL");
        assert_eq!((purl.name.as_str(), purl.version), ("animation", None));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "npm/a@1",
            "pkg:n!/a",
            "pkg:npm/%zz",
            "pkg:npm/%c",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    /// The suite folds the case of some types, which the names of OSV do not want; so case does not
    /// count here. Names of the type `git` hold a path; nothing compares those.
    #[test]
    fn the_published_cases_are_parsed() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/data/vectors/purl/tests"
        );
        let Ok(types) = std::fs::read_dir(format!("{folder}/types")) else {
            println!("skipped: ../shared/data not present");
            return;
        };
        let mut files: Vec<_> = types.map(|f| f.expect("a file").path()).collect();
        files.push(format!("{folder}/spec/specification-test.json").into());
        let (mut seen, mut wrong) = (0, Vec::new());
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a suite");
            let suite: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for case in suite["tests"].as_array().expect("tests") {
                if case["test_type"] == "parse" && case["expected_failure"] == false {
                    seen += 1;
                    let input = case["input"].as_str().expect("a text");
                    if !input.starts_with("pkg:git/") && !agrees(input, &case["expected_output"]) {
                        wrong.push(input.to_owned());
                    }
                }
            }
        }
        assert!(seen > 70, "{seen} cases");
        assert!(wrong.is_empty(), "{} of {seen}: {wrong:#?}", wrong.len());
    }

    fn agrees(input: &str, expected: &serde_json::Value) -> bool {
        let Some(found) = parse(input) else {
            return false;
        };
        let text = |name: &str| expected[name].as_str().map(folded);
        Some(folded(&found.kind)) == text("type")
            && found.namespace.as_deref().map(folded) == text("namespace")
            && Some(folded(&found.name)) == text("name")
            && found.version.as_deref().map(folded) == text("version")
    }

    fn folded(text: &str) -> String {
        text.to_lowercase().replace('_', "-")
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(pkg:)?[a-z@/%?=&#\\PC]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(name in "\\PC{1,20}") {
            let purl = parse(&format!("pkg:generic/{}", encode(&name)));
            proptest::prop_assert_eq!(purl.map(|p| p.name), Some(name));
        }
    }
}
