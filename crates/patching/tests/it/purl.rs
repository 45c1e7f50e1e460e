//! Package URLs against our own cases and the suite of the specification.

use proptest::prelude::*;
use serde_json::Value;
use standing_patching::Purl;
use std::collections::BTreeMap;

#[test]
fn the_parts_are_decoded() {
    let text = "pkg:npm/%40angular/animation@12.3.1%2Bx?b=&a=1%202#/sub/./../path/";
    let purl = Purl::parse(text).unwrap();
    assert_eq!(purl.namespace.as_deref(), Some("@angular"));
    assert_eq!(purl.name, "animation");
    assert_eq!(purl.version.as_deref(), Some("12.3.1+x"));
    assert_eq!(
        purl.qualifiers,
        BTreeMap::from([("a".into(), "1 2".into())])
    );
    assert_eq!(purl.subpath.as_deref(), Some("sub/path"));
    assert_eq!(
        purl.to_string(),
        "pkg:npm/%40angular/animation@12.3.1%2Bx?a=1%202#sub/path"
    );
}

#[test]
fn forms_that_are_the_same_are_written_the_same() {
    for (text, canonical) in [
        ("pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"),
        (
            "PKG://Deb/Debian/Curl@7.50.3-1?Arch=i386",
            "pkg:deb/debian/curl@7.50.3-1?arch=i386",
        ),
        (
            "pkg:deb/debian/base-files@1:12.4%2Bdeb12u1",
            "pkg:deb/debian/base-files@1:12.4%2Bdeb12u1",
        ),
        (
            "pkg:golang/github.com/Masterminds/semver@v3",
            "pkg:golang/github.com/Masterminds/semver@v3",
        ),
        ("pkg:npm/JSONStream@1", "pkg:npm/JSONStream@1"),
        ("pkg:PyPI/My_Package@1", "pkg:pypi/my-package@1"),
        (
            "pkg:generic/a//b@1?z=1&a=%2f",
            "pkg:generic/a/b@1?a=%2F&z=1",
        ),
        ("pkg:cargo/serde@", "pkg:cargo/serde"),
    ] {
        let purl = Purl::parse(text).expect(text);
        assert_eq!(purl.to_string(), canonical);
        assert_eq!(Purl::parse(canonical), Some(purl));
    }
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
        "pkg:1a/a",
        "pkg:npm/%zz",
        "pkg:npm/%c",
        "pkg:npm/%ff",
        "pkg:npm/a?b",
        "pkg:npm/a?b=1&b=2",
        "pkg:npm/a?1b=2",
        "pkg:npm/a?b c=2",
        "pkg:npm/@1.0",
        "http://npm/a",
        "pkg:swift/Alamofire@5",
        "pkg:swift/github.com/Alamofire/@5",
        "pkg:julia/Dates@1",
        "pkg:cpan/URI::PackageURL",
        "pkg:otp/a/b@1",
        "pkg:vcpkg/a/b@1",
        "pkg:chrome-extension/dogs",
    ] {
        assert_eq!(Purl::parse(text), None, "{text}");
    }
}

#[test]
fn the_published_suite_holds() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/vectors/purl/tests"
    );
    let Ok(types) = std::fs::read_dir(format!("{folder}/types")) else {
        println!("skipped: ../shared/data not present");
        return;
    };
    let mut files: Vec<_> = types.map(|file| file.unwrap().path()).collect();
    files.push(format!("{folder}/spec/specification-test.json").into());
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files {
        let suite: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for case in suite["tests"].as_array().unwrap() {
            seen += 1;
            let input = &case["input"];
            let found = match case["test_type"].as_str().unwrap() {
                "parse" => Purl::parse(input.as_str().unwrap()).map(|purl| parts(&purl)),
                "build" => built(input).map(|purl| purl.to_string().into()),
                "validate" => {
                    Purl::parse(input.as_str().unwrap()).map(|purl| purl.to_string().into())
                }
                other => panic!("{other}"),
            };
            let expected = match case["expected_failure"] == true {
                true => None,
                false => Some(case["expected_output"].clone()),
            };
            if found != expected {
                wrong.push(format!("{input} gave {found:?}, expected {expected:?}"));
            }
        }
    }
    assert_eq!(seen, 304);
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

fn parts(purl: &Purl) -> Value {
    let qualifiers = (!purl.qualifiers.is_empty()).then_some(&purl.qualifiers);
    serde_json::json!({
        "type": purl.kind,
        "namespace": purl.namespace,
        "name": purl.name,
        "version": purl.version,
        "qualifiers": qualifiers,
        "subpath": purl.subpath,
    })
}

fn built(parts: &Value) -> Option<Purl> {
    let text = |name: &str| parts[name].as_str().map(str::to_owned);
    let pairs = parts["qualifiers"].as_object().into_iter().flatten();
    Purl {
        kind: text("type")?,
        namespace: text("namespace"),
        name: text("name")?,
        version: text("version"),
        qualifiers: pairs
            .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        subpath: text("subpath"),
    }
    .checked()
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_stays(text in "(pkg:[a-z]{1,4}/)?[a-zA-Z@/%?=&#.\\PC]{0,40}") {
        if let Some(purl) = Purl::parse(&text) {
            let written = purl.to_string();
            let again = Purl::parse(&written);
            prop_assert_eq!(again.map(|p| p.to_string()), Some(written));
        }
    }

    #[test]
    fn what_is_written_is_read_back(name in "\\PC{1,20}", version in "\\PC{0,20}") {
        let purl = Purl {
            kind: "generic".into(),
            name,
            version: Some(version).filter(|v| !v.is_empty()),
            ..Purl::default()
        };
        prop_assert_eq!(Purl::parse(&purl.to_string()), Some(purl));
    }
}
