//! Appending, reading, blobs, erasing: the ordinary days of a vault.

use std::path::Path;

use standing_vault::{
    AppendError, Blob, CopyError, InitError, OpenError, Options, ReadError, Vault, Verdict, fsck,
    leaf_hash, verify_consistency, verify_inclusion,
};

use crate::common::{Fixture, ORIGIN, draft, drafts, read_blob, time};

#[test]
fn what_was_appended_is_read_back_by_whoever_opens_it() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    for batch in [1, 3, 252, 1, 255, 600, 2] {
        vault.append(&drafts(batch)).expect("append");
    }
    assert_eq!(vault.size(), 1114);
    let again = fixture.open();
    assert_eq!((again.size(), again.root()), (vault.size(), vault.root()));
    let entries: Vec<_> = again
        .entries(0..1114)
        .expect("range")
        .map(|e| e.expect("entry"))
        .collect();
    assert_eq!(entries.len(), 1114);
    assert!(
        entries
            .iter()
            .enumerate()
            .all(|(i, entry)| entry.seq == i as u64)
    );
    let reader = Vault::open_read_only(&fixture.dir(), None).expect("open to read");
    let middle: Vec<_> = reader
        .entries(250..260)
        .expect("range")
        .map(|e| e.expect("entry"))
        .collect();
    assert_eq!(middle, entries[250..260]);
    for seq in [0, 255, 256, 1113] {
        let path = reader.inclusion_proof(seq, 1114).expect("proof");
        let leaf = leaf_hash(&entries[seq as usize].canonical().expect("canonical"));
        assert!(verify_inclusion(&leaf, seq, 1114, &path, &reader.root()));
    }
    let path = reader.consistency_proof(300, 1114).expect("proof");
    let old = reader.root_at(300).expect("root");
    assert!(verify_consistency(300, &old, 1114, &reader.root(), &path));
    assert!(matches!(
        reader.append(&drafts(1)),
        Err(AppendError::ReadOnly)
    ));
}

#[test]
fn blobs_are_read_back_and_erased() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let bytes: Vec<u8> = (0..300_000u32).flat_map(u32::to_be_bytes).collect();
    let blob = vault.put_blob(&bytes).expect("blob");
    vault
        .append(&[draft("names it", &[blob.digest])])
        .expect("append");
    assert_eq!(read_blob(&vault, &blob.digest), bytes);
    let entry = vault
        .erase(&blob.digest, "dpo", "retention", time(9))
        .expect("erase");
    match fixture.open().blob(&blob.digest).expect("blob") {
        Blob::Erased {
            entry: seq,
            actor,
            reason,
            time: at,
        } => {
            assert_eq!(
                (seq, actor.as_str(), reason.as_str(), at),
                (entry.seq, "dpo", "retention", time(9))
            );
        }
        present => panic!("expected an erased blob, found {present:?}"),
    }
}

#[test]
fn only_init_makes_a_vault_and_only_where_nothing_is() {
    let fixture = Fixture::new();
    let missing = fixture.folder.path().join("missing");
    assert!(matches!(
        Vault::open(&missing, &fixture.keys),
        Err(OpenError::Settings { .. })
    ));
    assert!(matches!(
        Vault::open_read_only(&missing, None),
        Err(OpenError::Settings { .. })
    ));
    assert!(!missing.exists());
    let init = |dir: &Path| Vault::init(dir, ORIGIN, &fixture.keys, Options::default());
    assert!(matches!(
        init(&fixture.dir()),
        Err(InitError::Occupied { .. })
    ));
    let file = fixture.folder.path().join("file");
    std::fs::write(&file, b"").expect("write");
    assert!(matches!(init(&file), Err(InitError::Occupied { .. })));
    let empty = fixture.folder.path().join("empty");
    std::fs::create_dir(&empty).expect("directory");
    assert_eq!(init(&empty).expect("an empty directory will do").size(), 0);
    assert!(matches!(
        Vault::init(&missing, "white space", &fixture.keys, Options::default()),
        Err(InitError::Origin(_))
    ));
    let left: Vec<_> = std::fs::read_dir(fixture.folder.path())
        .expect("list")
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn another_vaults_key_opens_nothing() {
    let (fixture, other) = (Fixture::new(), Fixture::new());
    assert!(matches!(
        Vault::open(&fixture.dir(), &other.keys),
        Err(OpenError::OtherKey { .. })
    ));
}

#[test]
fn a_changed_entry_is_not_handed_out() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    vault.append(&drafts(600)).expect("append");
    let path = fixture.dir().join("log/tile/entries/001");
    let mut bytes = std::fs::read(&path).expect("bundle");
    let at = bytes
        .windows(9)
        .position(|w| w == b"draft 300")
        .expect("there");
    bytes[at + 8] = b'1';
    std::fs::write(&path, bytes).expect("write");
    let reader = Vault::open_read_only(&fixture.dir(), None).expect("the edge is sound");
    let read: Vec<_> = reader.entries(0..600).expect("range").collect();
    assert_eq!(read.len(), 257, "reading stops at the error");
    assert!(
        matches!(read[256], Err(ReadError::Entry { seq: 300, .. })),
        "{:?}",
        read[256]
    );
    let tile = fixture.dir().join("log/tile/0/000");
    let mut bytes = std::fs::read(&tile).expect("tile");
    bytes[5] ^= 1;
    std::fs::write(&tile, bytes).expect("write");
    assert!(matches!(
        reader.inclusion_proof(3, 600),
        Err(ReadError::Tile { .. })
    ));
}

#[test]
fn a_missing_journal_is_made_anew() {
    let fixture = Fixture::new();
    fixture.open().append(&drafts(3)).expect("append");
    std::fs::remove_file(fixture.dir().join("journal")).expect("remove");
    let vault = fixture.open();
    vault.append(&drafts(3)).expect("append");
    assert_eq!(fixture.open().size(), 6);
}

#[test]
fn a_copy_is_a_sound_vault_of_one_instant() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let blob = vault.put_blob(b"payload").expect("blob").digest;
    vault.append(&[draft("names it", &[blob])]).expect("append");
    let copy = fixture.folder.path().join("copy");
    std::thread::scope(|scope| {
        let writer =
            scope.spawn(|| (0..100).for_each(|_| drop(vault.append(&drafts(20)).expect("append"))));
        Vault::open_read_only(&fixture.dir(), None)
            .expect("open")
            .copy_to(&copy)
            .expect("copy");
        writer.join().expect("the writer ends well");
    });
    let key = Some(fixture.keys.blob_key());
    let report = fsck(&copy, key, None, &mut |_, _| {}).expect("readable");
    assert_eq!(
        (report.verdict(), report.notes.as_slice()),
        (Verdict::Sound, &[][..]),
        "{:#?}",
        report.faults
    );
    let copied = Vault::open(&copy, &fixture.keys).expect("open");
    assert_eq!(read_blob(&copied, &blob), b"payload");
    assert!(matches!(
        vault.copy_to(&copy),
        Err(CopyError::Occupied { .. })
    ));
    let path = vault
        .consistency_proof(copied.size(), vault.size())
        .expect("proof");
    assert!(verify_consistency(
        copied.size(),
        &copied.root(),
        vault.size(),
        &vault.root(),
        &path
    ));
}
