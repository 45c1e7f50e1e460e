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
