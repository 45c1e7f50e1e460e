//! The Merkle tree of [RFC 6962 §2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1):
//! hashes, roots, proofs and their verification.
//!
//! Nothing here reads a disk. Who has nodes hands them in as a function of
//! `(height, index)`: height 0 is the leaves, and node `(h, i)` spans the
//! leaves `i << h .. (i + 1) << h`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A node of the tree: 32 bytes of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Root of the tree without leaves: SHA-256 of nothing.
    pub fn of_nothing() -> Hash {
        Hash(Sha256::digest([]).into())
    }

    /// Standard base64, as in a checkpoint's third line.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes; `None` unless it is 32 bytes of standard base64.
    pub fn from_base64(text: &str) -> Option<Hash> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Hash(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Hash of one entry: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([0x00])
            .chain_update(entry)
            .finalize()
            .into(),
    )
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [0x01; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Hash(Sha256::digest(input).into())
}

/// Root over a power of two of neighbouring nodes of one height.
pub(crate) fn perfect_root(nodes: &[Hash]) -> Hash {
    debug_assert!(nodes.len().is_power_of_two());
    let mut row = nodes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .map(|pair| node_hash(&pair[0], &pair[1]))
            .collect();
    }
    row[0]
}

/// The largest power of two smaller than `n`, where RFC 6962 splits a tree of `n > 1` leaves.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Looks up node `(height, index)`.
type Nodes<'a, E> = &'a mut dyn FnMut(u8, u64) -> Result<Hash, E>;

/// Root over the leaves `low..high`; `low` must be a multiple of the next power of two of the width.
pub(crate) fn range_root<E>(low: u64, high: u64, nodes: Nodes<'_, E>) -> Result<Hash, E> {
    let width = high - low;
    if width == 0 {
        return Ok(Hash::of_nothing());
    }
    if width.is_power_of_two() {
        let height = width.trailing_zeros();
        return nodes(height as u8, low >> height);
    }
    let middle = low + split(width);
    let left = range_root(low, middle, nodes)?;
    let right = range_root(middle, high, nodes)?;
    Ok(node_hash(&left, &right))
}

/// The path from leaf `index` to the root of the first `size` leaves, leaf end first.
pub(crate) fn inclusion_path<E>(
    index: u64,
    size: u64,
    nodes: Nodes<'_, E>,
) -> Result<Vec<Hash>, E> {
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, nodes)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// What shows that the first `old` leaves are a prefix of the first `new`; `0 < old <= new`.
pub(crate) fn consistency_path<E>(old: u64, new: u64, nodes: Nodes<'_, E>) -> Result<Vec<Hash>, E> {
    let (mut low, mut high) = (0, new);
    // Whether the subtree in hand is the whole old tree, whose root the verifier already has.
    let mut whole_old = true;
    let mut path = Vec::new();
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range_root(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, nodes)?);
            low = middle;
            whole_old = false;
        }
    }
    if !whole_old {
        path.push(range_root(low, high, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that `leaf` is entry number `index` of the tree of `size` entries with this `root`.
///
/// `path` is as in [RFC 9162 §2.1.3](https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3).
/// False, never a panic, for paths of any shape.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    fn climb(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
        if size == 1 {
            return path.is_empty().then_some(*leaf);
        }
        let (sibling, rest) = path.split_last()?;
        let left = split(size);
        Some(if index < left {
            node_hash(&climb(leaf, index, left, rest)?, sibling)
        } else {
            node_hash(sibling, &climb(leaf, index - left, size - left, rest)?)
        })
    }
    index < size && climb(leaf, index, size, path).as_ref() == Some(root)
}

/// Whether `path` proves that the tree of `new` entries begins with the tree of `old` entries.
///
/// `path` is as in [RFC 9162 §2.1.4](https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4).
/// An empty old tree proves nothing, so `old == 0` is false. Never panics.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> bool {
    /// Both roots as the path gives them.
    fn climb(old: u64, new: u64, known: Option<&Hash>, path: &[Hash]) -> Option<(Hash, Hash)> {
        if old == new {
            let root = match (known, path) {
                (Some(known), []) => *known,
                (None, [only]) => *only,
                _ => return None,
            };
            return Some((root, root));
        }
        let (sibling, rest) = path.split_last()?;
        let left = split(new);
        Some(if old <= left {
            let (o, n) = climb(old, left, known, rest)?;
            (o, node_hash(&n, sibling))
        } else {
            let (o, n) = climb(old - left, new - left, None, rest)?;
            (node_hash(sibling, &o), node_hash(sibling, &n))
        })
    }
    0 < old && old <= new && climb(old, new, Some(old_root), path) == Some((*old_root, *new_root))
}

#[cfg(test)]
mod tests {
    //! The eight leaves that implementations of Certificate Transparency have long
    //! tested with, and what is known of the trees over them.

    use std::convert::Infallible;

    use super::*;

    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    // Nodes of these trees, by what they span.
    const LEAF_0: &str = ROOTS[0];
    const LEAF_1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    const LEAVES_0_1: &str = ROOTS[1];
    const LEAVES_0_3: &str = ROOTS[3];
    const LEAVES_2_3: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const LEAF_4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    const LEAVES_4_5: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    const LEAVES_4_7: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    const LEAVES_6_7: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";

    fn hash(hex: &str) -> Hash {
        Hash(hex.parse::<crate::Digest>().expect("hexadecimal").0)
    }

    fn node(height: u8, index: u64) -> Result<Hash, Infallible> {
        let (from, to) = (index << height, (index + 1) << height);
        let leaves: Vec<Hash> = LEAVES[from as usize..to as usize]
            .iter()
            .map(|leaf| leaf_hash(leaf))
            .collect();
        Ok(perfect_root(&leaves))
    }

    #[test]
    fn roots_are_the_known_ones() {
        assert_eq!(
            Hash::of_nothing(),
            hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        for (i, root) in ROOTS.iter().enumerate() {
            let Ok(found) = range_root(0, i as u64 + 1, &mut node);
            assert_eq!(found, hash(root));
        }
    }

    #[test]
    fn inclusion_paths_are_the_known_ones() {
        let known: [(u64, u64, &[&str]); 7] = [
            (0, 1, &[]),
            (0, 2, &[LEAF_1]),
            (1, 2, &[LEAF_0]),
            (2, 3, &[LEAVES_0_1]),
            (1, 5, &[LEAF_0, LEAVES_2_3, LEAF_4]),
            (0, 8, &[LEAF_1, LEAVES_2_3, LEAVES_4_7]),
            (5, 8, &[LEAF_4, LEAVES_6_7, LEAVES_0_3]),
        ];
        for (index, size, path) in known {
            let path: Vec<Hash> = path.iter().map(|h| hash(h)).collect();
            let Ok(found) = inclusion_path(index, size, &mut node);
            assert_eq!(found, path, "{index} of {size}");
            let (leaf, root) = (
                leaf_hash(LEAVES[index as usize]),
                hash(ROOTS[size as usize - 1]),
            );
            assert!(verify_inclusion(&leaf, index, size, &path, &root));
        }
    }

    #[test]
    fn consistency_paths_are_the_known_ones() {
        let known: [(u64, u64, &[&str]); 4] = [
            (1, 1, &[]),
            (1, 8, &[LEAF_1, LEAVES_2_3, LEAVES_4_7]),
            (2, 5, &[LEAVES_2_3, LEAF_4]),
            (6, 8, &[LEAVES_4_5, LEAVES_6_7, LEAVES_0_3]),
        ];
        for (old, new, path) in known {
            let path: Vec<Hash> = path.iter().map(|h| hash(h)).collect();
            let Ok(found) = consistency_path(old, new, &mut node);
            assert_eq!(found, path, "{old} to {new}");
            let (before, after) = (hash(ROOTS[old as usize - 1]), hash(ROOTS[new as usize - 1]));
            assert!(verify_consistency(old, &before, new, &after, &path));
        }
    }
}
