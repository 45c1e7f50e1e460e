//! The tree that the vault keeps against another implementation of RFC 6962.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use standing_vault::{Hash, Vault, leaf_hash, verify_consistency, verify_inclusion};

use crate::common::{Fixture, drafts};

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn bytes(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| hash.0).collect()
}

fn root(oracle: &Oracle) -> Hash {
    Hash(
        oracle
            .root()
            .as_bytes()
            .as_slice()
            .try_into()
            .expect("32 bytes"),
    )
}

/// A vault of `size` entries and their canonical bytes.
fn grown(size: usize) -> (Fixture, Vault, Vec<Vec<u8>>) {
    let fixture = Fixture::new();
    let vault = fixture.open();
    let entries = vault.append(&drafts(size)).expect("append");
    let lines = entries
        .iter()
        .map(|entry| entry.canonical().expect("canonical"))
        .collect();
    (fixture, vault, lines)
}

#[test]
fn every_size_up_to_2000_agrees_with_the_oracle() {
    let (_fixture, vault, lines) = grown(2000);
    let mut oracle = Oracle::new();
    let mut roots = vec![Hash::of_nothing()];
    for (i, line) in lines.iter().enumerate() {
        oracle.push(line.clone());
        let size = i as u64 + 1;
        let here = root(&oracle);
        roots.push(here);
        assert_eq!(vault.root_at(size).expect("root"), here, "size {size}");
        // Every index is the last of some size; the others sample the inside.
        for index in [i as u64, 0, size / 2, size * 619 % 1997 % size] {
            let path = vault.inclusion_proof(index, size).expect("proof");
            assert_eq!(
                bytes(&path),
                oracle.prove_inclusion(index as usize).as_bytes(),
                "{index} of {size}"
            );
            let leaf = leaf_hash(&lines[index as usize]);
            assert!(verify_inclusion(&leaf, index, size, &path, &here));
            assert!(!verify_inclusion(&leaf, index + 1, size, &path, &here));
            assert!(!verify_inclusion(
                &leaf_hash(b"another"),
                index,
                size,
                &path,
                &here
            ));
        }
        // Every old size has a successor, and itself; the others sample the distance.
        for old in [
            size,
            size.max(2) - 1,
            size.div_ceil(2),
            size * 619 % 1997 % size + 1,
        ] {
            let path = vault.consistency_proof(old, size).expect("proof");
            let theirs = oracle.prove_consistency((size - old) as usize);
            if old < size {
                assert_eq!(bytes(&path), theirs.as_bytes(), "{old} to {size}");
            } else {
                assert!(path.is_empty());
            }
            let before = roots[old as usize];
            assert!(verify_consistency(old, &before, size, &here, &path));
            assert!(!verify_consistency(old, &Hash([0; 32]), size, &here, &path));
            assert!(old == size || !verify_consistency(old, &before, size, &before, &path));
        }
    }
    assert_eq!(vault.root(), root(&oracle));
}

#[test]
fn larger_trees_agree_with_the_oracle() {
    const SIZE: usize = 70_000;
    let (_fixture, vault, lines) = grown(SIZE);
    let mut oracle = Oracle::new();
    lines.iter().for_each(|line| oracle.push(line.clone()));
    assert_eq!(vault.root(), root(&oracle));
    proptest!(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }, |(index in 0..SIZE, old in 1..SIZE)| {
        let path = vault.inclusion_proof(index as u64, SIZE as u64).expect("proof");
        prop_assert_eq!(bytes(&path), oracle.prove_inclusion(index).as_bytes().to_vec());
        let path = vault.consistency_proof(old as u64, SIZE as u64).expect("proof");
        prop_assert_eq!(bytes(&path), oracle.prove_consistency(SIZE - old).as_bytes().to_vec());
        let before = vault.root_at(old as u64).expect("root");
        prop_assert!(verify_consistency(old as u64, &before, SIZE as u64, &vault.root(), &path));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn verification_of_nonsense_is_false_and_never_a_panic(
        index in any::<u64>(), size in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..70)
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let (one, two) = (Hash([1; 32]), Hash([2; 32]));
        prop_assert!(!verify_inclusion(&one, index, size, &path, &two));
        prop_assert!(!verify_consistency(index, &one, size, &two, &path));
    }
}

#[test]
fn proofs_beyond_the_log_and_from_nothing_are_errors() {
    let (_fixture, vault, _) = grown(10);
    assert!(vault.inclusion_proof(3, 11).is_err());
    assert!(vault.inclusion_proof(10, 10).is_err());
    assert!(vault.consistency_proof(0, 10).is_err());
    assert!(vault.consistency_proof(5, 4).is_err());
    assert!(vault.root_at(11).is_err());
    assert!(vault.entries(5..11).is_err());
    assert!(!verify_consistency(
        0,
        &Hash::of_nothing(),
        10,
        &vault.root(),
        &[]
    ));
}
