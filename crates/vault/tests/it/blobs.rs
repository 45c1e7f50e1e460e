//! Payloads: sealed, salted, streamed, damaged, erased.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use standing_vault::{
    AppendError, Blob, BlobDamage, BlobError, Digest, Encryption, EraseError, Fault, Vault,
    Verdict, fsck, leaf_hash, verify_consistency, verify_inclusion,
};

use crate::common::{Fixture, draft, drafts, read_blob, time, unsettle};

fn path(fixture: &Fixture, digest: &Digest) -> PathBuf {
    fixture
        .dir()
        .join(format!("blobs/{}/{digest}", &digest.to_string()[..2]))
}

/// Bytes that do not compress, so that chunks can be counted.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(length)
    .collect()
}

fn read(vault: &Vault, digest: &Digest) -> std::io::Result<Vec<u8>> {
    match vault.blob(digest) {
        Ok(Blob::Present(mut reader)) => {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        }
        Ok(erased) => panic!("{erased:?}"),
        Err(BlobError::Damaged { source, .. }) => Err(source),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn any_length_is_read_back() {
    for encryption in [Encryption::On, Encryption::None] {
        let fixture = Fixture::with(encryption);
        let vault = fixture.open();
        for length in [0, 1, 65_503, 65_504, 65_505, 65_536, 131_072, 200_000] {
            let bytes = noise(length);
            let blob = vault.put_blob(&bytes).expect("blob");
            assert_eq!(blob.bytes, length as u64);
            assert_eq!(read_blob(&vault, &blob.digest), bytes);
        }
        let blob = vault.put_blob(b"abc").expect("blob");
        assert_eq!(
            blob.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}

#[test]
fn the_same_bytes_twice_have_different_names_and_show_nowhere() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let secret = b"a name that must not show".repeat(4);
    let (one, two) = (
        vault.put_blob(&secret).expect("blob"),
        vault.put_blob(&secret).expect("blob"),
    );
    assert_ne!(one.digest, two.digest);
    assert_eq!(one.sha256, two.sha256);
    let stored = fs::read(path(&fixture, &one.digest)).expect("file");
    assert!(!stored.windows(10).any(|w| w == &secret[..10]));
    let plain = Fixture::with(Encryption::None);
    let blob = plain.open().put_blob(&secret).expect("blob");
    assert_eq!(
        fs::read(path(&plain, &blob.digest)).expect("file")[..8],
        *b"svblob\x01\x00"
    );
}

#[test]
fn cut_moved_repeated_and_swapped_chunks_do_not_open() {
    const CHUNK: usize = 65_552;
    const HEAD: usize = 27;
    let fixture = Fixture::new();
    let vault = fixture.open();
    let blob = vault.put_blob(&noise(300_000)).expect("blob").digest;
    let path = path(&fixture, &blob);
    let right = fs::read(&path).expect("file");
    assert!(right.len() > HEAD + 4 * CHUNK);
    let chunk = |i: usize| &right[HEAD + i * CHUNK..HEAD + (i + 1) * CHUNK];
    let head = &right[..HEAD];
    let damaged: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("half a header", right[..10].to_vec()),
        ("no chunks", head.to_vec()),
        ("cut between chunks", right[..HEAD + 2 * CHUNK].to_vec()),
        ("cut in a chunk", right[..HEAD + 2 * CHUNK + 999].to_vec()),
        ("cut by one", right[..right.len() - 1].to_vec()),
        ("longer by one", [&right[..], b"x"].concat()),
        ("first chunk gone", [head, &right[HEAD + CHUNK..]].concat()),
        (
            "two chunks exchanged",
            [head, chunk(1), chunk(0), &right[HEAD + 2 * CHUNK..]].concat(),
        ),
        (
            "a chunk twice",
            [head, chunk(0), chunk(0), &right[HEAD + CHUNK..]].concat(),
        ),
        (
            "another nonce",
            [&right[..8], &[0; 19], &right[HEAD..]].concat(),
        ),
        ("cipher none", [&right[..7], &[0], &right[8..]].concat()),
    ];
    for (what, bytes) in damaged {
        fs::write(&path, bytes).expect("write");
        let error = read(&vault, &blob).expect_err(what);
        let damage = error.get_ref().and_then(|e| e.downcast_ref::<BlobDamage>());
        assert!(
            matches!(
                damage,
                Some(BlobDamage::Header { .. } | BlobDamage::Chunk { .. })
            ),
            "{what}: {error}"
        );
    }
    let other = vault.put_blob(&noise(10)).expect("blob").digest;
    fs::copy(self::path(&fixture, &other), &path).expect("copy");
    let error = read(&vault, &blob).expect_err("another blob");
    let damage = error.get_ref().and_then(|e| e.downcast_ref::<BlobDamage>());
    assert_eq!(
        damage,
        Some(&BlobDamage::Digest {
            digest: blob,
            found: other
        })
    );
    fs::write(&path, &right).expect("write");
    assert_eq!(read(&vault, &blob).expect("whole again").len(), 300_000);
}

#[test]
fn blobs_that_changed_places_are_both_reported() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let one = vault.put_blob(b"one").expect("blob").digest;
    let two = vault.put_blob(b"two").expect("blob").digest;
    vault
        .append(&[draft("names both", &[one, two])])
        .expect("append");
    let (a, b, aside) = (
        path(&fixture, &one),
        path(&fixture, &two),
        fixture.folder.path().join("aside"),
    );
    fs::rename(&a, &aside)
        .and_then(|()| fs::rename(&b, &a))
        .and_then(|()| fs::rename(&aside, &b))
        .expect("exchange");
    let report = fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        None,
        &mut |_, _| {},
    )
    .expect("readable");
    let mut damaged: Vec<Digest> = Vec::new();
    for fault in &report.faults {
        match fault {
            Fault::BlobDamaged {
                digest, entries, ..
            } if entries == &[0] => damaged.push(*digest),
            fault => panic!("{fault}"),
        }
    }
    damaged.sort_unstable();
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(damaged, both);
}

#[test]
fn another_key_opens_nothing_and_no_key_says_so() {
    let (fixture, other) = (Fixture::new(), Fixture::new());
    let vault = fixture.open();
    let blob = vault.put_blob(b"payload").expect("blob").digest;
    vault.append(&[draft("names it", &[blob])]).expect("append");
    let reader = Vault::open_read_only(&fixture.dir(), Some(other.keys.blob_key())).expect("open");
    assert!(read(&reader, &blob).is_err());
    let reader = Vault::open_read_only(&fixture.dir(), None).expect("open");
    assert!(matches!(reader.blob(&blob), Err(BlobError::NoKey)));
    assert!(matches!(reader.put_blob(b"x"), Err(BlobError::NoKey)));
    let report = fsck(
        &fixture.dir(),
        Some(other.keys.blob_key()),
        None,
        &mut |_, _| {},
    )
    .expect("readable");
    assert!(
        matches!(report.faults[..], [Fault::BlobDamaged { .. }]),
        "{report:#?}"
    );
}

#[test]
fn an_unfinished_blob_leaves_nothing() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let count = || {
        fs::read_dir(fixture.dir().join("tmp"))
            .expect("tmp")
            .count()
    };
    let mut writer = vault.blob_writer().expect("writer");
    writer.write_all(&noise(100_000)).expect("write");
    assert_eq!(count(), 1);
    // Whoever opens the vault meanwhile lets it be, because its writer lives.
    drop(fixture.open());
    assert_eq!(count(), 1);
    drop(writer);
    assert_eq!(count(), 0);
    fs::write(fixture.dir().join("tmp/abandoned"), b"left by a kill").expect("write");
    drop(fixture.open());
    assert_eq!(count(), 0);
}

#[test]
fn an_entry_may_not_name_a_blob_that_is_not_there() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let missing = Digest([9; 32]);
    let mut deep = draft("deep", &[]);
    deep.body.insert(
        "list".into(),
        serde_json::json!([{ "inside": [missing.reference()] }]),
    );
    let error = vault
        .append(&[draft("fine", &[]), deep])
        .expect_err("no such blob");
    assert!(
        matches!(error, AppendError::UnknownBlob { draft: 1, digest } if digest == missing),
        "{error}"
    );
    assert_eq!(vault.size(), 0);
    assert!(matches!(
        vault.blob(&missing),
        Err(BlobError::Missing { .. })
    ));
    // Not the form of a reference, so not a reference.
    let mut loose = draft("loose", &[]);
    loose
        .body
        .insert("text".into(), format!("see {}", missing.reference()).into());
    loose
        .body
        .insert("upper".into(), missing.reference().to_uppercase().into());
    vault.append(&[loose]).expect("append");
}

#[test]
fn erasing_removes_the_payload_and_keeps_every_proof() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let blob = vault.put_blob(b"personal data").expect("blob").digest;
    let named = vault
        .append(&[draft("names it", &[blob])])
        .expect("append")
        .remove(0);
    vault.append(&drafts(400)).expect("append");
    let (size, root, checkpoint) = (vault.size(), vault.root(), vault.checkpoint());
    let before = vault.inclusion_proof(named.seq, size).expect("proof");

    let entry = vault
        .erase(&blob, "dpo", "subject asked", time(5))
        .expect("erase");
    assert!(!path(&fixture, &blob).exists());
    assert!(matches!(
        vault.erase(&blob, "dpo", "again", time(6)),
        Err(EraseError::Already { .. })
    ));
    let unknown = Digest([1; 32]);
    assert!(matches!(
        vault.erase(&unknown, "dpo", "no", time(6)),
        Err(EraseError::Missing { .. })
    ));
    assert_eq!(
        vault.inclusion_proof(named.seq, size).expect("proof"),
        before
    );
    let leaf = leaf_hash(&named.canonical().expect("canonical"));
    assert!(verify_inclusion(&leaf, named.seq, size, &before, &root));
    let path = vault.consistency_proof(size, vault.size()).expect("proof");
    assert!(verify_consistency(
        size,
        &root,
        vault.size(),
        &vault.root(),
        &path
    ));

    for vault in [
        fixture.open(),
        Vault::open_read_only(&fixture.dir(), None).expect("open"),
    ] {
        let Blob::Erased {
            entry: by,
            actor,
            reason,
            time: at,
        } = vault.blob(&blob).expect("erased")
        else {
            panic!("still there");
        };
        assert_eq!(
            (by, actor.as_str(), reason.as_str(), at),
            (entry.seq, "dpo", "subject asked", time(5))
        );
    }
    // It may be named again, since it is on record what became of it.
    vault
        .append(&[draft("names it again", &[blob])])
        .expect("append");
    let report = fsck(&fixture.dir(), None, Some(&checkpoint), &mut |_, _| {}).expect("readable");
    assert_eq!(
        (report.verdict(), report.blobs.erased),
        (Verdict::Sound, 1),
        "{:#?}",
        report.faults
    );
}

#[test]
fn an_erasure_cut_short_is_reported_and_then_finished() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let blob = vault.put_blob(b"personal data").expect("blob").digest;
    vault.append(&[draft("names it", &[blob])]).expect("append");
    let sealed = fs::read(path(&fixture, &blob)).expect("file");
    let entry = vault
        .erase(&blob, "dpo", "asked", time(5))
        .expect("erase")
        .seq;
    drop(vault);
    // As a kill between the entry and the removal leaves it.
    let marker = path(&fixture, &blob).with_extension("erased");
    fs::write(path(&fixture, &blob), sealed).expect("write");
    fs::remove_file(&marker).expect("remove");
    unsettle(&fixture.dir().join("journal"));
    let check = || fsck(&fixture.dir(), None, None, &mut |_, _| {}).expect("readable");
    assert_eq!(
        check().faults,
        [Fault::ErasureUnfinished {
            digest: blob,
            entry
        }]
    );
    let vault = fixture.open();
    assert!(!path(&fixture, &blob).exists());
    assert!(matches!(vault.blob(&blob), Ok(Blob::Erased { .. })));
    assert_eq!(check().verdict(), Verdict::Sound);

    fs::write(&marker, "0\n").expect("write");
    assert!(matches!(check().faults[..], [Fault::Marker { .. }]));
    assert!(matches!(vault.blob(&blob), Err(BlobError::Marker { .. })));
    fs::remove_file(&marker).expect("remove");
    assert!(matches!(check().faults[..], [Fault::Marker { .. }]));
}
