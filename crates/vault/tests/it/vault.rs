//! Appending, reading, blobs, erasing: the ordinary days of a vault.

use standing_vault::{AppendError, Blob, Vault, leaf_hash, verify_consistency, verify_inclusion};

use crate::common::{Fixture, draft, drafts, read_blob, time};

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
