//! Every way a vault can be wrong has its own fault, and every flipped byte is noticed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use standing_vault::{
    BlobCounts, Digest, Encryption, Fault, Keys, Note, Report, Vault, Verdict, fsck,
};

use crate::common::{Fixture, draft, drafts, time, unsettle};

fn check(fixture: &Fixture, kept: Option<&str>) -> Report {
    fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        kept,
        &mut |_, _| {},
    )
    .expect("readable")
}

/// The only fault there is.
fn only(report: &Report) -> &Fault {
    match report.faults.as_slice() {
        [fault] => fault,
        faults => panic!("expected one fault, found {faults:#?}"),
    }
}

fn assert_sound(report: &Report) {
    assert!(report.faults.is_empty(), "{:#?}", report.faults);
    assert!(report.notes.is_empty(), "{:#?}", report.notes);
    assert_eq!(report.verdict(), Verdict::Sound);
}

fn flip(path: &Path, at: usize, with: u8) {
    let mut bytes = fs::read(path).expect("readable");
    bytes[at] ^= with;
    fs::write(path, bytes).expect("writable");
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("directory");
    for entry in fs::read_dir(from).expect("list") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copy");
        }
    }
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("list") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// 600 entries in uneven batches, so that there are full and several partial tiles; two blobs, one erased.
fn lived_in() -> (Fixture, Digest, Digest) {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let kept = vault.put_blob(b"kept").expect("blob").digest;
    let gone = vault.put_blob(b"gone").expect("blob").digest;
    vault
        .append(&[draft("kept", &[kept]), draft("gone", &[gone, kept])])
        .expect("append");
    vault.append(&drafts(300)).expect("append");
    vault
        .erase(&gone, "dpo", "retention", time(1))
        .expect("erase");
    for batch in [209, 40, 40, 8] {
        vault.append(&drafts(batch)).expect("append");
    }
    assert_eq!(vault.size(), 600);
    (fixture, kept, gone)
}

#[test]
fn a_sound_vault_is_sound_with_and_without_the_blob_key() {
    let (fixture, ..) = lived_in();
    let mut seen = Vec::new();
    let report = fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        None,
        &mut |d, t| seen.push((d, t)),
    )
    .expect("readable");
    assert_sound(&report);
    assert_eq!(report.entries, 600);
    assert_eq!(
        report.blobs,
        BlobCounts {
            present: 1,
            erased: 1,
            unchecked: 0
        }
    );
    assert_eq!(seen.last(), Some(&(602, 602)));
    let report = fsck(&fixture.dir(), None, None, &mut |_, _| {}).expect("readable");
    assert_sound(&report);
    assert_eq!(
        report.blobs,
        BlobCounts {
            present: 1,
            erased: 1,
            unchecked: 1
        }
    );
}

#[test]
fn an_empty_vault_proves_nothing() {
    let fixture = Fixture::new();
    let report = check(&fixture, None);
    assert!(report.faults.is_empty());
    assert_eq!(report.verdict(), Verdict::Empty);
    assert_eq!(report.verdict().to_string(), "empty: proves nothing");
}

#[test]
fn the_writer_and_the_checker_agree_at_every_size() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    for batch in [
        1,
        254,
        1,
        1,
        255,
        256,
        257,
        511,
        2,
        65_000 - 1538,
        535,
        1,
        1,
        300,
    ] {
        vault.append(&drafts(batch)).expect("append");
        let report = check(&fixture, Some(&vault.checkpoint()));
        assert_sound(&report);
        assert_eq!(
            (report.entries, report.root),
            (vault.size(), Some(vault.root()))
        );
    }
    assert!(vault.size() > 65_536);
}

#[test]
fn a_changed_entry_is_named_with_its_byte() {
    let (fixture, ..) = lived_in();
    let path = "log/tile/entries/001";
    let mut bytes = fs::read(fixture.dir().join(path)).expect("bundle");
    let at = bytes
        .windows(9)
        .position(|w| w == b"draft 100")
        .expect("the entry")
        + 8;
    let right = bytes[at];
    bytes[at] = b'7';
    fs::write(fixture.dir().join(path), bytes).expect("write");
    let report = check(&fixture, None);
    match only(&report) {
        Fault::Entry {
            seq,
            path: found,
            restored,
            ..
        } => {
            assert_eq!(found, Path::new(path));
            assert_eq!(*restored, Some((at as u64, b'7', right)));
            let whole = fixture.open().entries(*seq..*seq + 1);
            assert!(whole.expect("range").next().expect("an entry").is_err());
        }
        fault => panic!("{fault}"),
    }
}

#[test]
fn a_damaged_length_is_told_from_a_damaged_entry() {
    let (fixture, ..) = lived_in();
    flip(&fixture.dir().join("log/tile/entries/000"), 0, 0x40);
    let report = check(&fixture, None);
    assert!(
        matches!(only(&report), Fault::EntryLength { seq: 0, at: 0, .. }),
        "{report:#?}"
    );
}

#[test]
fn a_changed_hash_tile_is_named() {
    for (path, first, last) in [
        ("log/tile/0/001", 256 + 3, 256 + 3),
        ("log/tile/1/000.p/2", 256, 511),
    ] {
        let (fixture, ..) = lived_in();
        let at = if path.contains("/1/") { 32 } else { 96 };
        flip(&fixture.dir().join(path), at + 7, 1);
        let report = check(&fixture, None);
        let expected = Fault::Tile {
            path: path.into(),
            at: at as u64..at as u64 + 32,
            first,
            last,
        };
        assert_eq!(only(&report), &expected);
    }
}

#[test]
fn a_changed_superseded_tile_is_named() {
    let (fixture, ..) = lived_in();
    flip(&fixture.dir().join("log/tile/entries/002.p/40"), 20, 1);
    let report = check(&fixture, None);
    let path = "log/tile/entries/002.p/40".into();
    assert_eq!(only(&report), &Fault::Superseded { path, at: 20 });
}

#[test]
fn a_truncated_log_says_where_it_ends() {
    let (fixture, ..) = lived_in();
    fs::remove_file(fixture.dir().join("log/tile/entries/002.p/88")).expect("remove");
    let report = check(&fixture, None);
    assert_eq!(
        only(&report),
        &Fault::Truncated {
            promised: 600,
            found: 592
        }
    );
    fs::remove_dir_all(fixture.dir().join("log/tile")).expect("remove");
    let report = check(&fixture, None);
    assert!(
        report.faults.contains(&Fault::Truncated {
            promised: 600,
            found: 0
        }),
        "{report:#?}"
    );
}

#[test]
fn a_bundle_missing_in_the_middle_is_not_a_truncation() {
    let (fixture, ..) = lived_in();
    fs::remove_file(fixture.dir().join("log/tile/entries/001")).expect("remove");
    let report = check(&fixture, None);
    match only(&report) {
        Fault::File { path, .. } => assert_eq!(path, Path::new("log/tile/entries/001")),
        fault => panic!("{fault}"),
    }
}

#[test]
fn an_emptied_log_is_not_an_empty_one() {
    let (fixture, ..) = lived_in();
    let fresh = Fixture::new();
    fs::remove_file(fixture.dir().join("log/checkpoint")).expect("remove");
    let report = check(&fixture, None);
    assert_eq!(only(&report), &Fault::CheckpointMissing { bundles: 5 });
    // An empty checkpoint, truly signed by this vault's key: the one it was born with.
    let empty = empty_checkpoint(&fixture.keys, &fresh);
    fs::write(fixture.dir().join("log/checkpoint"), empty).expect("write");
    let report = check(&fixture, None);
    assert_eq!(report.verdict(), Verdict::Faulty);
    assert!(
        report
            .faults
            .iter()
            .all(|f| matches!(f, Fault::Emptied { .. })),
        "{report:#?}"
    );
}

fn empty_checkpoint(keys: &Keys, beside: &Fixture) -> String {
    let dir = beside.folder.path().join("twin");
    Vault::init(&dir, crate::common::ORIGIN, keys, Default::default())
        .expect("init")
        .checkpoint()
}

#[test]
fn an_entry_replaced_with_its_tile_is_given_away_by_the_tile_above() {
    let (fixture, ..) = lived_in();
    replace_entry(&fixture.dir(), false);
    let report = check(&fixture, None);
    let path = "log/tile/1/000.p/2".into();
    assert_eq!(
        only(&report),
        &Fault::ReplacedRange {
            first: 256,
            last: 511,
            path
        }
    );
}

#[test]
fn an_entry_replaced_with_all_tiles_above_is_given_away_by_the_root() {
    let (fixture, ..) = lived_in();
    replace_entry(&fixture.dir(), true);
    let report = check(&fixture, None);
    assert!(
        matches!(only(&report), Fault::Replaced { size: 600, .. }),
        "{report:#?}"
    );
    let error = Vault::open(&fixture.dir(), &fixture.keys).expect_err("another root");
    assert!(
        matches!(error, standing_vault::OpenError::Root { size: 600, .. }),
        "{error}"
    );
}

/// Changes an entry of the second bundle and makes the hashes above fit.
fn replace_entry(dir: &Path, all_above: bool) {
    let path = dir.join("log/tile/entries/001");
    let bytes = fs::read(&path).expect("bundle");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("draft 100"));
    let mut bytes = bytes;
    let at = bytes
        .windows(9)
        .position(|w| w == b"draft 100")
        .expect("there");
    bytes[at + 8] = b'9';
    fs::write(&path, &bytes).expect("write");
    let mut leaves = Vec::new();
    let mut rest = bytes.as_slice();
    while let [high, low, after @ ..] = rest {
        let length = usize::from(*high) << 8 | usize::from(*low);
        leaves.push(standing_vault::leaf_hash(&after[..length]));
        rest = &after[length..];
    }
    let tile: Vec<u8> = leaves.iter().flat_map(|h| h.0).collect();
    fs::write(dir.join("log/tile/0/001"), tile).expect("write");
    if all_above {
        while leaves.len() > 1 {
            leaves = leaves
                .chunks(2)
                .map(|p| standing_vault::node_hash(&p[0], &p[1]))
                .collect();
        }
        let path = dir.join("log/tile/1/000.p/2");
        let mut above = fs::read(&path).expect("tile");
        above[32..].copy_from_slice(&leaves[0].0);
        fs::write(path, above).expect("write");
    }
}

#[test]
fn a_rolled_back_checkpoint_is_noticed_with_a_kept_one_and_without() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(10)).expect("append");
    let old = fixture.folder.path().join("old");
    copy_tree(&fixture.dir(), &old);
    let early = vault.checkpoint();
    vault.append(&drafts(5)).expect("append");
    let kept = vault.checkpoint();

    // The whole folder put back: only who kept a checkpoint can know.
    let report = fsck(&old, None, Some(&kept), &mut |_, _| {}).expect("readable");
    assert_eq!(
        only(&report),
        &Fault::RolledBack {
            kept: 15,
            found: 10
        }
    );
    assert_sound(&fsck(&old, None, None, &mut |_, _| {}).expect("readable"));

    // The checkpoint alone put back: the rest of the folder knows, and the writer refuses.
    fs::write(fixture.dir().join("log/checkpoint"), early).expect("write");
    let report = check(&fixture, None);
    let not_last = Fault::NotLast {
        checkpoint: 10,
        from: 10,
        to: 15,
    };
    assert!(report.faults.contains(&not_last), "{report:#?}");
    assert!(
        report.faults.iter().any(|f| matches!(
            f,
            Fault::Beyond {
                size: 10,
                count: 2,
                ..
            }
        )),
        "{report:#?}"
    );
    assert!(Vault::open(&fixture.dir(), &fixture.keys).is_err());
    let report = check(&fixture, Some(&kept));
    assert!(
        report.faults.contains(&Fault::RolledBack {
            kept: 15,
            found: 10
        }),
        "{report:#?}"
    );
}

#[test]
fn what_an_interrupted_append_left_is_a_note_and_is_cleared_away() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(10)).expect("append");
    let before = vault.checkpoint();
    vault.append(&drafts(5)).expect("append");
    drop(vault);
    // As a kill just before the commit point leaves it.
    fs::write(fixture.dir().join("log/checkpoint"), &before).expect("write");
    unsettle(&fixture.dir().join("journal"));
    let report = check(&fixture, Some(&before));
    assert_eq!(report.verdict(), Verdict::Sound, "{report:#?}");
    let left = ["log/tile/0/000.p/15", "log/tile/entries/000.p/15"];
    let notes: Vec<Note> = left
        .iter()
        .map(|path| Note::Interrupted { path: path.into() })
        .collect();
    let found: BTreeSet<String> = report.notes.iter().map(ToString::to_string).collect();
    assert_eq!(found, notes.iter().map(ToString::to_string).collect());
    assert_eq!(fixture.open().size(), 10);
    assert_sound(&check(&fixture, Some(&before)));
}

#[test]
fn full_tiles_in_place_of_partial_ones_are_never_cleared_away() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(10)).expect("append");
    let before = vault.checkpoint();
    vault.append(&drafts(300)).expect("append");
    drop(vault);
    // The partial tiles went after the commit: this is no interrupted append, whatever the journal says.
    fs::write(fixture.dir().join("log/checkpoint"), &before).expect("write");
    unsettle(&fixture.dir().join("journal"));
    let not_last = Fault::NotLast {
        checkpoint: 10,
        from: 10,
        to: 310,
    };
    assert!(check(&fixture, None).faults.contains(&not_last));
    let files = files_below(&fixture.dir().join("log"));
    let error = Vault::open(&fixture.dir(), &fixture.keys).expect_err("rolled back");
    assert!(
        matches!(
            error,
            standing_vault::OpenError::RolledBack {
                checkpoint: 10,
                from: 10,
                to: 310
            }
        ),
        "{error}"
    );
    assert_eq!(files_below(&fixture.dir().join("log")), files);
}

#[test]
fn files_that_are_no_part_of_a_log_are_notes() {
    let (fixture, ..) = lived_in();
    let strange = [
        "log/readme",
        "log/tile/0/x999/x999/x999/x999/x999/x999/999",
        "log/tile/0/01",
        "log/tile/9/000",
    ];
    for path in strange {
        let path = fixture.dir().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, b"x").expect("write");
    }
    let report = check(&fixture, None);
    assert_eq!(report.verdict(), Verdict::Sound, "{report:#?}");
    let found: BTreeSet<String> = report.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        strange
            .iter()
            .map(|path| Note::Stray { path: path.into() }.to_string())
            .collect()
    );
}

#[test]
fn bytes_after_the_last_entry_are_a_fault() {
    for (path, extra) in [
        ("log/tile/entries/001", &[0, 1, b'x'][..]),
        ("log/tile/entries/002.p/88", b"x"),
    ] {
        let (fixture, ..) = lived_in();
        let full = fixture.dir().join(path);
        let bytes = fs::read(&full).expect("bundle");
        fs::write(&full, [&bytes, extra].concat()).expect("write");
        let (found, expected) = ((bytes.len() + extra.len()) as u64, bytes.len() as u64);
        let path = path.into();
        assert_eq!(
            only(&check(&fixture, None)),
            &Fault::Length {
                path,
                found,
                expected
            }
        );
    }
}

#[test]
fn a_checkpoint_older_than_the_last_append_is_noticed_without_a_kept_one() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(10)).expect("append");
    let early = vault.checkpoint();
    vault.append(&drafts(5)).expect("append");
    vault.append(&drafts(5)).expect("append");
    fs::write(fixture.dir().join("log/checkpoint"), early).expect("write");
    let report = check(&fixture, None);
    assert!(
        report.faults.contains(&Fault::NotLast {
            checkpoint: 10,
            from: 15,
            to: 20
        }),
        "{report:#?}"
    );
    assert!(
        report.faults.iter().any(|f| matches!(
            f,
            Fault::Beyond {
                size: 10,
                count: 4,
                ..
            }
        )),
        "{report:#?}"
    );
    let error = Vault::open(&fixture.dir(), &fixture.keys).expect_err("rolled back");
    assert!(matches!(
        error,
        standing_vault::OpenError::RolledBack {
            checkpoint: 10,
            from: 15,
            to: 20
        }
    ));
}

#[test]
fn history_rewritten_with_the_signing_key_is_noticed_with_a_kept_checkpoint() {
    for (first, second) in [(10, 30), (300, 20), (256, 256)] {
        let (honest, forged) = (Fixture::new(), Fixture::new());
        let vault = honest.open();
        vault.append(&drafts(first)).expect("append");
        let kept = vault.checkpoint();
        // The same key signs another history, as long and longer.
        let dir = forged.folder.path().join("forged");
        let other = Vault::init(
            &dir,
            crate::common::ORIGIN,
            &honest.keys,
            Default::default(),
        )
        .expect("init");
        let mut changed = drafts(first);
        changed[3].actor = "somebody else".into();
        other.append(&changed).expect("append");
        other.append(&drafts(second)).expect("append");
        assert_sound(&fsck(&dir, None, None, &mut |_, _| {}).expect("readable"));
        let report = fsck(&dir, None, Some(&kept), &mut |_, _| {}).expect("readable");
        match only(&report) {
            Fault::Rewritten { before, kept, .. } => {
                assert_eq!((*before, *kept), (first as u64, vault.root()));
            }
            fault => panic!("{fault}"),
        }
    }
}

#[test]
fn a_kept_checkpoint_of_another_key_is_not_a_comparison() {
    let (one, two) = (Fixture::new(), Fixture::new());
    one.open().append(&drafts(1)).expect("append");
    two.open().append(&drafts(1)).expect("append");
    let kept = two.open().checkpoint();
    assert!(matches!(
        only(&check(&one, Some(&kept))),
        Fault::Kept { .. }
    ));
    assert!(matches!(
        only(&check(&one, Some("nonsense"))),
        Fault::Kept { .. }
    ));
}

#[test]
fn a_checkpoint_signed_by_another_key_is_not_trusted() {
    let (one, two) = (Fixture::new(), Fixture::new());
    one.open().append(&drafts(1)).expect("append");
    two.open().append(&drafts(1)).expect("append");
    fs::write(one.dir().join("log/checkpoint"), two.open().checkpoint()).expect("write");
    assert!(matches!(
        only(&check(&one, None)),
        Fault::CheckpointSignature { .. }
    ));
}

#[test]
fn damaged_and_missing_blobs_are_named_with_the_entries_that_name_them() {
    let (fixture, kept, _) = lived_in();
    let path = fixture
        .dir()
        .join(format!("blobs/{}/{kept}", &kept.to_string()[..2]));
    flip(&path, 60, 4);
    match only(&check(&fixture, None)) {
        Fault::BlobDamaged {
            digest, entries, ..
        } => assert_eq!((*digest, entries.as_slice()), (kept, &[0, 1][..])),
        fault => panic!("{fault}"),
    }
    fs::remove_file(path).expect("remove");
    let entries = vec![0, 1];
    assert_eq!(
        only(&check(&fixture, None)),
        &Fault::BlobMissing {
            digest: kept,
            entries
        }
    );
}

#[test]
fn a_blob_nobody_names_is_a_note() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(1)).expect("append");
    let digest = vault.put_blob(b"unnamed").expect("blob").digest;
    let report = check(&fixture, None);
    assert_eq!(report.verdict(), Verdict::Sound);
    assert_eq!(report.notes, [Note::Orphans { digest, count: 1 }]);
}

#[test]
fn an_entry_out_of_form_is_named_although_the_tree_vouches_for_it() {
    // Only a writer with the key could make one; the check must not rest on trusting it.
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&[draft("seq 0", &[])]).expect("append");
    vault.append(&[draft("seq 1", &[])]).expect("append");
    let bundle = fixture.dir().join("log/tile/entries/000.p/2");
    let bytes = fs::read(&bundle).expect("bundle");
    let swapped = {
        let length = 2 + (usize::from(bytes[0]) << 8 | usize::from(bytes[1]));
        [&bytes[length..], &bytes[..length]].concat()
    };
    fs::write(&bundle, swapped).expect("write");
    let report = check(&fixture, None);
    let forms = report
        .faults
        .iter()
        .filter(|f| matches!(f, Fault::EntryForm { .. }))
        .count();
    assert_eq!(forms, 2, "{report:#?}");
}

/// A small vault with every sort of file, and where each entry lies in its bundles.
fn small(encryption: Encryption) -> Fixture {
    let fixture = Fixture::with(encryption);
    let vault = fixture.open();
    let one = vault.put_blob(&vec![7; 70_000]).expect("blob").digest;
    let two = vault.put_blob(b"to be erased").expect("blob").digest;
    vault
        .append(&[draft("one", &[one]), draft("two", &[two])])
        .expect("append");
    vault.append(&drafts(257)).expect("append");
    vault
        .erase(&two, "dpo", "asked to", time(2))
        .expect("erase");
    vault.append(&drafts(3)).expect("append");
    fixture
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_flipped_byte_is_a_fault(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in 1u8..=255, encrypted in any::<bool>()) {
        thread_local! {
            static VAULTS: [Fixture; 2] = [small(Encryption::On), small(Encryption::None)];
        }
        VAULTS.with(|vaults| -> Result<(), TestCaseError> {
            let fixture = &vaults[usize::from(!encrypted)];
            let files: Vec<PathBuf> = ["log", "blobs"].iter().flat_map(|d| files_below(&fixture.dir().join(d))).collect();
            let path = file.get(&files);
            let right = fs::read(path).expect("readable");
            let at = at.index(right.len());
            flip(path, at, with);
            let report = check(fixture, None);
            fs::write(path, &right).expect("writable");
            prop_assert!(!report.faults.is_empty(), "{path:?} byte {at} xor {with}");
            let below = path.strip_prefix(fixture.dir().join("log/tile/entries"));
            if let Ok(bundle) = below {
                let seq = entry_at(&right, at) + if bundle.starts_with("001.p") { 256 } else { 0 };
                let named: BTreeSet<u64> = report.faults.iter().filter_map(|fault| match fault {
                    Fault::Entry { seq, .. } | Fault::EntryLength { seq, .. } => Some(*seq),
                    _ => None,
                }).collect();
                let superseded = report.faults.iter().any(|f| matches!(f, Fault::Superseded { at: found, .. } if *found == at as u64));
                prop_assert!(superseded || named == BTreeSet::from([seq]), "entry {seq}, byte {at}: {report:#?}");
            }
            Ok(())
        })?;
    }
}

/// Which entry of a bundle byte `at` belongs to.
fn entry_at(bundle: &[u8], at: usize) -> u64 {
    let (mut start, mut entry) = (0, 0);
    loop {
        let end = start + 2 + (usize::from(bundle[start]) << 8 | usize::from(bundle[start + 1]));
        if at < end {
            return entry;
        }
        (start, entry) = (end, entry + 1);
    }
}
