//! A vault verified by a program that shares nothing with ours: Python's standard library, OpenSSL.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use standing_vault::{Draft, KeyFiles, Keys, Options, Time, Vault, leaf_hash};

/// Two full bundles, a partial one, and a second level of hash tiles.
const ENTRIES: usize = 700;

struct Kept {
    folder: tempfile::TempDir,
    keys: Keys,
}

impl Kept {
    fn new() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles {
            signing: folder.path().join("signing.key"),
            blobs: folder.path().join("blobs.key"),
        };
        let keys = files.generate().unwrap();
        let dir = folder.path().join("vault");
        Vault::init(&dir, "vault.example/stranger", &keys, Options::default()).unwrap();
        Kept { folder, keys }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn open(&self) -> Vault {
        Vault::open(&self.dir(), &self.keys).unwrap()
    }

    /// A copy whose files may be spoilt.
    fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("vault");
        self.open().copy_to(&dir).unwrap();
        (folder, dir)
    }
}

/// Bodies with all that is hard about one canonical form.
fn draft(n: usize) -> Draft {
    let body = match n % 5 {
        0 => json!({}),
        1 => json!({"n": n, "least": i64::MIN, "most": u64::MAX}),
        2 => json!({"text": "a\u{8}\t\n\u{c}\r\"\\/\u{1}\u{1f}\u{7f}é\u{2028}😀"}),
        3 => json!({"\u{ffff}": 1, "\u{1f600}": 2, "é": 3, "e": 4, "": {"z": [], "a": {}}}),
        _ => json!({"list": [null, true, false, 0, 1, -1, "", [[{"b": 1, "a": [2]}]]]}),
    };
    Draft {
        actor: "tester".into(),
        kind: "note".into(),
        body: body.as_object().unwrap().clone(),
        time: Time::from_milliseconds(1_793_000_000_000 + n as i64).unwrap(),
    }
}

/// `None`, and says so, where a part is not installed.
fn verifier() -> Option<PathBuf> {
    for (tool, word) in [("python3", "--version"), ("openssl", "version")] {
        if Command::new(tool).arg(word).output().is_err() {
            eprintln!("skipped: {tool} not found");
            return None;
        }
    }
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stranger/verify.py"))
}

fn ask(verifier: &Path, vault: &Path) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("python3")
        .arg("-I")
        .arg(verifier)
        .arg(vault)
        .output()
        .unwrap();
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

fn spoil(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 0x01;
    std::fs::write(file, bytes).unwrap();
}

/// Where each entry of a bundle begins and ends.
fn places(bundle: &Path) -> Vec<std::ops::Range<usize>> {
    let bytes = std::fs::read(bundle).unwrap();
    let mut places = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        places.push(at + 2..at + 2 + length);
        at += 2 + length;
    }
    places
}

#[test]
fn a_stranger_finds_the_root_that_we_find_at_every_size() {
    let Some(verifier) = verifier() else { return };
    let kept = Kept::new();
    let vault = kept.open();
    let mut written = 0;
    for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, ENTRIES] {
        let drafts: Vec<Draft> = (written..size).map(draft).collect();
        vault.append(&drafts).unwrap();
        written = size;
        let expected = format!("verified {size} entries root {}\n", vault.root());
        assert_eq!(ask(&verifier, &kept.dir()), (Some(0), expected));
    }
}

#[test]
fn a_stranger_names_the_entry_in_which_one_bit_was_turned() {
    let Some(verifier) = verifier() else { return };
    let kept = Kept::new();
    kept.open()
        .append(&(0..ENTRIES).map(draft).collect::<Vec<_>>())
        .unwrap();
    let bundles = [
        ("log/tile/entries/000", 0, [0, 77, 255]),
        ("log/tile/entries/002.p/188", 512, [0, 99, 187]),
    ];
    for (name, first, entries) in bundles {
        for entry in entries {
            let (_folder, copy) = kept.copy();
            let bundle = copy.join(name);
            let place = places(&bundle)[entry].clone();
            spoil(&bundle, place.start + place.len() / 2);
            let (code, said) = ask(&verifier, &copy);
            let named = format!("entry {}: ", first + entry);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(&named), "{named}{said}");
        }
    }
}

#[test]
fn a_stranger_believes_no_other_file_either() {
    let Some(verifier) = verifier() else { return };
    let kept = Kept::new();
    kept.open()
        .append(&(0..ENTRIES).map(draft).collect::<Vec<_>>())
        .unwrap();
    for (name, complaint) in [
        ("log/tile/0/001", "entry 256: "),
        ("log/tile/1/000.p/2", "tile/1: "),
    ] {
        let (_folder, copy) = kept.copy();
        spoil(&copy.join(name), 0);
        let (code, said) = ask(&verifier, &copy);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(complaint), "{said}");
    }
    // One more entry than was signed for; a head that somebody else signed.
    let (_folder, copy) = kept.copy();
    let head = copy.join("log/checkpoint");
    let note = std::fs::read_to_string(&head).unwrap();
    std::fs::write(&head, note.replace("\n700\n", "\n699\n")).unwrap();
    let (code, said) = ask(&verifier, &copy);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the signature does not verify"), "{said}");

    let other = Kept::new();
    other.open().append(&[draft(0)]).unwrap();
    std::fs::copy(other.dir().join("log/checkpoint"), &head).unwrap();
    let (code, said) = ask(&verifier, &copy);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not signed by the key"), "{said}");
}

/// Entry 600 rewritten, and its hash tile with it, so that only form or root can tell.
#[test]
fn a_stranger_is_not_taken_in_by_a_hash_that_fits() {
    let Some(verifier) = verifier() else { return };
    let kept = Kept::new();
    kept.open()
        .append(&(0..ENTRIES).map(draft).collect::<Vec<_>>())
        .unwrap();
    for (old, new, complaint) in [
        ("\"tester\"", "\"tasted\"", "do not hash to the root"),
        (
            "\"seq\":600",
            "\"seq\":601",
            "entry 600: says that it is entry 601",
        ),
        (
            "{\"actor\":\"tester\"",
            "{ \"actor\":\"teste\"",
            "entry 600: not in canonical form",
        ),
        ("\"kind\"", "\"kine\"", "entry 600: not the members"),
        ("Z\"}", "+\"}", "entry 600: the time"),
        ("Z\"}", "Z\"]", "entry 600: not canonical JSON"),
    ] {
        let (_folder, copy) = kept.copy();
        let bundle = copy.join("log/tile/entries/002.p/188");
        let place = places(&bundle)[88].clone();
        let mut bytes = std::fs::read(&bundle).unwrap();
        let entry = std::str::from_utf8(&bytes[place.clone()]).unwrap();
        let forged = entry.replace(old, new);
        assert_ne!(forged, entry);
        bytes[place].copy_from_slice(forged.as_bytes());
        std::fs::write(&bundle, bytes).unwrap();
        let tile = copy.join("log/tile/0/002.p/188");
        let mut hashes = std::fs::read(&tile).unwrap();
        hashes[88 * 32..89 * 32].copy_from_slice(&leaf_hash(forged.as_bytes()).0);
        std::fs::write(&tile, hashes).unwrap();
        let (code, said) = ask(&verifier, &copy);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(complaint), "{complaint}\n{said}");
    }
}

#[test]
fn a_stranger_verifies_what_the_program_itself_keeps() {
    let Some(verifier) = verifier() else { return };
    let home = crate::home::Home::new();
    for words in [
        ["record", "risk", "add", "title=Flood", "level=high"],
        [
            "record",
            "supplier",
            "add",
            "name=Cindermoor",
            "kind=hosting",
        ],
    ] {
        home.run(&words);
    }
    let (code, said) = ask(&verifier, &home.path.join("vault"));
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.starts_with("verified 0 "), "{said}");
}
