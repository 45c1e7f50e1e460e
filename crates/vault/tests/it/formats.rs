//! What others read: keys, notes, times, entries.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use signed_note::{Note, StandardVerifier, VerifierList};
use standing_vault::{
    AppendError, BlobKey, Checkpoint, Draft, Entry, EntryError, KeyError, KeyFiles,
    MAX_ENTRY_BYTES, NoteError, PublicKey, Time,
};

use crate::common::{Fixture, ORIGIN, draft, drafts, time};

fn body(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

fn entry(value: Value) -> Entry {
    Entry {
        seq: 7,
        time: time(0),
        actor: "a\"b".into(),
        kind: "note".into(),
        body: body(value),
    }
}

#[test]
fn the_canonical_form_is_this_and_no_other() {
    let entry = entry(json!({
        "z": [1, -2, true, null, {"b": {}, "a": []}],
        "é": "tab\t, line\n, bell\u{7}, quote\", slash/, back\\, del\u{7f}, ünïcode",
        "": u64::MAX,
        "Z": i64::MIN,
    }));
    let line = String::from_utf8(entry.canonical().expect("canonical")).expect("UTF-8");
    assert_eq!(
        line,
        "{\"actor\":\"a\\\"b\",\"body\":{\"\":18446744073709551615,\"Z\":-9223372036854775808,\
         \"z\":[1,-2,true,null,{\"a\":[],\"b\":{}}],\
         \"é\":\"tab\\t, line\\n, bell\\u0007, quote\\\", slash/, back\\\\, del\u{7f}, ünïcode\"},\
         \"kind\":\"note\",\"seq\":7,\"time\":\"2026-10-26T07:33:20.000Z\"}"
    );
    assert_eq!(Entry::parse(line.as_bytes()).expect("an entry"), entry);
}

#[test]
fn what_cannot_be_written_canonically_is_refused() {
    for number in ["1.5", "1e3", "-0.0", "18446744073709551616"] {
        let value: Value = serde_json::from_str(number).expect("JSON");
        assert!(
            matches!(
                entry(json!({ "n": value })).canonical(),
                Err(EntryError::Number { .. })
            ),
            "{number}"
        );
    }
    let mut deep = json!(1);
    for _ in 0..62 {
        deep = json!([deep]);
    }
    assert!(entry(json!({ "deep": deep })).canonical().is_ok());
    assert_eq!(
        entry(json!({ "deep": [deep] })).canonical(),
        Err(EntryError::Depth)
    );
    let mut deep = json!({});
    for _ in 0..61 {
        deep = json!({ "in": deep });
    }
    assert!(entry(json!({ "deep": deep })).canonical().is_ok());
    assert_eq!(
        entry(json!({ "deep": { "in": deep } })).canonical(),
        Err(EntryError::Depth)
    );
    let empty = entry(json!({ "long": "" }))
        .canonical()
        .expect("canonical")
        .len();
    let fill = "x".repeat(MAX_ENTRY_BYTES - empty);
    assert_eq!(
        entry(json!({ "long": fill }))
            .canonical()
            .map(|line| line.len()),
        Ok(MAX_ENTRY_BYTES)
    );
    let found = MAX_ENTRY_BYTES + 1;
    assert_eq!(
        entry(json!({ "long": fill + "x" })).canonical(),
        Err(EntryError::Length { found })
    );
}

#[test]
fn drafts_are_appended_all_or_none() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let mut bad = drafts(3);
    bad[1].body.insert("half".into(), json!(0.5));
    let error = vault.append(&bad).expect_err("a fraction");
    assert!(
        matches!(error, AppendError::Entry { draft: 1, .. }),
        "{error}"
    );
    let mut bad = drafts(2);
    bad[1].kind = "erase".into();
    assert!(matches!(
        vault.append(&bad),
        Err(AppendError::Reserved { draft: 1 })
    ));
    assert_eq!(vault.size(), 0);
    assert_eq!(vault.append(&[]).expect("nothing to do"), []);
}

/// Any JSON of integers; the digests that strings may name are invented.
fn any_json(references: bool) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x1f\"\\\\]{0,8}".prop_map(Value::from),
        any::<[u8; 32]>().prop_map(move |d| Value::from(if references {
            standing_vault::Digest(d).reference()
        } else {
            "plain".into()
        })),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_entry_is_read_back_the_same(value in any_json(true), actor in any::<String>(), kind in any::<String>(), ms in -62_167_219_200_000i64..253_402_200_000_000) {
        let time = Time::from_milliseconds(ms).expect("in range");
        let entry = Entry { seq: 3, time, actor, kind, body: body(json!({ "value": value })) };
        let line = entry.canonical().expect("canonical");
        let again = Entry::parse(&line).expect("an entry");
        prop_assert_eq!(&again, &entry);
        prop_assert_eq!(again.canonical().expect("canonical"), line);
    }

    #[test]
    fn any_entry_is_in_form_to_the_checker_too(values in prop::collection::vec(any_json(false), 1..4)) {
        let fixture = Fixture::new();
        let drafts: Vec<Draft> = values.into_iter().map(|value| {
            let mut draft = draft("", &[]);
            draft.body.insert("value".into(), value);
            draft
        }).collect();
        fixture.open().append(&drafts).expect("append");
        let report = standing_vault::fsck(&fixture.dir(), None, None, &mut |_, _| {}).expect("readable");
        prop_assert!(report.faults.is_empty(), "{:#?}", report.faults);
    }

    #[test]
    fn times_round_trip_exactly(ms in -62_167_219_200_000i64..253_402_200_000_000) {
        let time = Time::from_milliseconds(ms).expect("in range");
        let text = time.to_string();
        prop_assert_eq!(text.len(), 24);
        prop_assert_eq!(text.parse::<Time>().expect("a time").milliseconds(), ms);
    }
}

#[test]
fn only_one_spelling_of_a_time_is_taken() {
    for text in [
        "2026-11-07T09:30:00Z",
        "2026-11-07T09:30:00.00Z",
        "2026-11-07T09:30:00.0000Z",
        "2026-11-07t09:30:00.000z",
        "2026-11-07T09:30:00.000+00:00",
        "2026-11-07T10:30:00.000+01:00",
        "2026-11-07 09:30:00.000Z",
        "2026-02-29T09:30:00.000Z",
        "2026-11-07T23:59:60.000Z",
        "-000001-01-01T00:00:00.000Z",
        "",
    ] {
        assert!(text.parse::<Time>().is_err(), "{text}");
    }
    assert!(Time::from_milliseconds(-62_167_219_200_001).is_err());
    let fine: jiff::Timestamp = "2026-11-07T09:30:00.123999999Z"
        .parse()
        .expect("a timestamp");
    assert_eq!(
        Time::try_from(fine).expect("in range").to_string(),
        "2026-11-07T09:30:00.123Z"
    );
    let early: jiff::Timestamp = "1969-12-31T23:59:59.9999Z".parse().expect("a timestamp");
    assert_eq!(Time::try_from(early).expect("in range").milliseconds(), -1);
}

#[test]
fn keys_open_to_others_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles {
        signing: folder.path().join("s.key"),
        blobs: folder.path().join("b.key"),
    };
    let keys = files.generate().expect("keys");
    for path in [&files.signing, &files.blobs] {
        let mode = fs::metadata(path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
    assert!(
        matches!(
            files.generate(),
            Err(KeyError::Io {
                doing: "create",
                ..
            })
        ),
        "keys are never overwritten"
    );
    assert_eq!(
        files.load().expect("keys").public(ORIGIN),
        keys.public(ORIGIN)
    );
    for mode in [0o640, 0o604, 0o620, 0o700, 0o666] {
        fs::set_permissions(&files.blobs, fs::Permissions::from_mode(mode)).expect("chmod");
        let error = BlobKey::load(&files.blobs).expect_err("too open");
        assert!(matches!(error, KeyError::Mode { found, .. } if found == mode));
        let said = error.to_string();
        let (path, found) = (
            files.blobs.display().to_string(),
            format!("found mode {mode:04o}, expected 0600"),
        );
        assert!(
            said.contains(&path) && said.contains(&found) && said.contains("hint: chmod 600"),
            "{said}"
        );
        assert!(files.load().is_err());
    }
    fs::set_permissions(&files.blobs, fs::Permissions::from_mode(0o400)).expect("chmod");
    assert!(files.load().is_ok());
}

#[test]
fn no_key_shows_in_debug_or_errors() {
    let fixture = Fixture::new();
    let line = fs::read_to_string(fixture.folder.path().join("signing.key")).expect("key");
    let secret = line.split(' ').nth(1).expect("base64").trim();
    let mut said = format!(
        "{:?} {:?} {:?}",
        fixture.keys,
        fixture.keys.blob_key(),
        fixture.open()
    );
    let swapped = KeyFiles {
        signing: fixture.folder.path().join("blobs.key"),
        blobs: fixture.folder.path().join("signing.key"),
    };
    let error = swapped.load().expect_err("the wrong kinds");
    assert!(matches!(error, KeyError::Form { .. }));
    said += &format!("{error} {error:?}");
    assert!(
        !said.contains(secret) && !said.contains("SigningKey"),
        "{said}"
    );
}

#[test]
fn an_independent_implementation_reads_the_checkpoint() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(5)).expect("append");
    let verifier = StandardVerifier::new(&vault.public_key().to_string()).expect("a public key");
    let note = Note::from_bytes(vault.checkpoint().as_bytes()).expect("a note");
    let (verified, unknown) = note
        .verify(&VerifierList::new(vec![Box::new(verifier)]))
        .expect("verified");
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    assert_eq!(
        note.text(),
        format!("{ORIGIN}\n5\n{}\n", vault.root()).as_bytes()
    );
}

#[test]
fn plain_openssl_verifies_the_checkpoint() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(5)).expect("append");
    let at = |name: &str| fixture.folder.path().join(name);
    let note = vault.checkpoint();
    let (text, line) = note.split_once("\n\n").expect("a note");
    let signature = decode(line.trim().rsplit(' ').next().expect("base64"));
    fs::write(at("text"), format!("{text}\n")).expect("write");
    fs::write(at("signature"), &signature[4..]).expect("write");
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed prefix, then the key.
    let prefix = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    fs::write(
        at("key.der"),
        [&prefix[..], &vault.public_key().bytes()].concat(),
    )
    .expect("write");
    let verify = || {
        Command::new("openssl")
            .args([
                "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey",
            ])
            .arg(at("key.der"))
            .arg("-sigfile")
            .arg(at("signature"))
            .arg("-in")
            .arg(at("text"))
            .output()
    };
    let Ok(output) = verify() else {
        println!("skipped: openssl not found");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    fs::write(at("text"), format!("{text}\n").replace("\n5\n", "\n6\n")).expect("write");
    assert!(!verify().expect("openssl").status.success());
}

fn decode(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(base64)
        .expect("base64")
}

#[test]
fn every_change_to_a_checkpoint_is_noticed() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(5)).expect("append");
    let note = vault.checkpoint();
    let key = vault.public_key();
    let right = Checkpoint::verify(&note, key).expect("verified");
    assert_eq!(
        (right.size, right.root, right.origin.as_str()),
        (5, vault.root(), ORIGIN)
    );
    for at in 0..note.len() {
        for with in [1, 2, 0x10, 0x20, 0x80] {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= with;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(
                    Checkpoint::verify(&changed, key).is_err(),
                    "byte {at} xor {with}"
                );
            }
        }
    }
    // Another signer's line beside ours, as a witness would add, takes nothing away.
    let other = Fixture::new().open().checkpoint();
    let line = other.rsplit("\n\n").next().expect("a signature line");
    let witnessed = format!("{note}{line}");
    assert_eq!(Checkpoint::verify(&witnessed, key), Ok(right));
    let only_other = note.replace(note.rsplit("\n\n").next().expect("a signature line"), line);
    assert!(matches!(
        Checkpoint::verify(&only_other, key),
        Err(NoteError::Unsigned { .. })
    ));
}

#[test]
fn a_checkpoint_for_another_log_is_refused_though_the_key_signed_it() {
    use base64::Engine as _;
    use ed25519_dalek::Signer as _;
    let signing = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let base64 = base64::engine::general_purpose::STANDARD;
    let encoded = base64.encode([&[1], signing.verifying_key().as_bytes().as_slice()].concat());
    let id = |name: &str| {
        use sha2::Digest as _;
        let hash = sha2::Sha256::digest(
            [
                name.as_bytes(),
                b"\n\x01",
                signing.verifying_key().as_bytes(),
            ]
            .concat(),
        );
        <[u8; 4]>::try_from(&hash[..4]).expect("four bytes")
    };
    let hex: String = id("log.example")
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let key: PublicKey = format!("log.example+{hex}+{encoded}")
        .parse()
        .expect("a key");
    let note = |origin: &str| {
        let text = format!("{origin}\n0\n{}\n", standing_vault::Hash::of_nothing());
        let signature = signing.sign(text.as_bytes()).to_bytes();
        let line = base64.encode([&id("log.example")[..], &signature].concat());
        format!("{text}\n\u{2014} log.example {line}\n")
    };
    assert_eq!(
        Checkpoint::verify(&note("log.example"), &key).map(|c| c.size),
        Ok(0)
    );
    let error = Checkpoint::verify(&note("other.example"), &key).expect_err("another log's");
    assert!(matches!(error, NoteError::OtherLog { .. }), "{error}");
}

#[test]
fn public_keys_round_trip_and_bad_ones_are_refused() {
    let fixture = Fixture::new();
    let key = fixture.open().public_key().clone();
    let text = key.to_string();
    assert_eq!(text.parse::<PublicKey>().expect("a key"), key);
    for bad in [
        "",
        "name",
        "name+00000000",
        &text.replace("vault", "fault"),
        &text[..text.len() - 4],
        &text.replace('+', " "),
        &text.to_uppercase(),
    ] {
        assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
    }
    for origin in ["", "a b", "a+b", "a\nb", "a\u{2003}b"] {
        assert!(
            matches!(fixture.keys.public(origin), Err(NoteError::Origin { .. })),
            "{origin:?}"
        );
    }
}
