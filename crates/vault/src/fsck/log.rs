//! The log itself: every entry, every hash, every file, against the signed root.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use sha2::{Digest as _, Sha256};

use super::format::{Head, TileName};
use super::json::gist;
use super::report::{Fault, Report};
use crate::entry::Digest;
use crate::merkle::Hash;

/// Entries in a full bundle, hashes in a full tile.
const WIDTH: u64 = 256;
/// Longest entry in which the one changed byte is searched for, and how often per check.
const SEARCHED_BYTES: usize = 1024;
const SEARCHES: u64 = 16;

/// What the entries say of blobs.
#[derive(Default)]
pub(super) struct Named {
    /// Blob and naming entry.
    pub(super) by: Vec<(Digest, u64)>,
    /// Blob and erasing entry.
    pub(super) erased: BTreeMap<Digest, u64>,
    /// Whether some entry could not be understood, so that namings may be lacking.
    pub(super) lacking: bool,
}

impl Named {
    /// Sorts by blob, then by entry; once it is complete.
    fn sort(&mut self) {
        self.by.sort_unstable();
        self.by.dedup();
    }

    /// How many different blobs.
    pub(super) fn blobs(&self) -> u64 {
        self.by.chunk_by(|a, b| a.0 == b.0).count() as u64
    }
}

/// The partial forms found on disk of every tile and bundle.
pub(super) type Partials = BTreeMap<(Option<u8>, u64), Vec<u8>>;

fn leaf(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0u8]);
    hasher.update(entry);
    Hash(hasher.finalize().into())
}

fn parent(left: Hash, right: Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1u8]);
    hasher.update(left.0);
    hasher.update(right.0);
    Hash(hasher.finalize().into())
}

/// Root over 256 hashes.
fn top(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        for i in 0..hashes.len() / 2 {
            hashes[i] = parent(hashes[2 * i], hashes[2 * i + 1]);
        }
        hashes.truncate(hashes.len() / 2);
    }
    hashes[0]
}

/// The tree above its leaves, as far as fsck came to believe it.
#[derive(Default)]
struct Tree {
    /// `levels[0]` is the roots of full level-0 tiles, `levels[1]` those of level 1, and so on.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    fn of(tiles: Vec<Hash>) -> Tree {
        let mut levels = vec![tiles];
        while let Some(below) = levels.last().filter(|l| l.len() as u64 >= WIDTH) {
            let above = below
                .chunks_exact(WIDTH as usize)
                .map(|tile| top(tile.to_vec()))
                .collect();
            levels.push(above);
        }
        Tree { levels }
    }

    /// Merkle tree hash of the entries `low..high`, by the recursion of RFC 6962 §2.1;
    /// `tail` is the leaves after the last full tile below `high`.
    fn root(&self, low: u64, high: u64, tail: &[Hash]) -> Hash {
        let count = high - low;
        match count {
            0 => return Hash(Sha256::digest([]).into()),
            1 => return tail[(low % WIDTH) as usize],
            _ => {}
        }
        let mut span = WIDTH;
        for level in &self.levels {
            if span == count {
                return level[(low / span) as usize];
            }
            span = span.saturating_mul(WIDTH);
        }
        let mut left = 1;
        while left * 2 < count {
            left *= 2;
        }
        parent(
            self.root(low, low + left, tail),
            self.root(low + left, high, tail),
        )
    }
}

/// One bundle read and compared with its level-0 tile.
struct Bundle {
    index: u64,
    /// Hash of each entry as found; `None` where none could be read.
    found: Vec<Option<Hash>>,
    /// Hashes of the level-0 tile, or why there are none.
    tile: Result<Vec<Hash>, io::ErrorKind>,
    /// Whether the bundle's file could not be read.
    missing: Option<String>,
    /// Faults of form, certain whatever the tree turns out to be.
    faults: Vec<Fault>,
    /// Faults that hold only if the tile, not the bundle, is right.
    if_tile_right: Vec<Fault>,
    named: Vec<(Digest, u64)>,
    erased: Vec<(Digest, u64)>,
    /// Whether some entry could not be understood.
    lacking: bool,
}

/// Reads from one vault.
struct Files<'a> {
    vault: &'a Path,
    partials: &'a Partials,
    size: u64,
    searches: AtomicU64,
}

impl Files<'_> {
    /// How many hashes the checkpoint requires in tile `index` of `level`.
    fn width(&self, level: u8, index: u64) -> u64 {
        let count = self.size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        (count - index * WIDTH).min(WIDTH)
    }

    /// The file that the checkpoint requires: full, or of the width at the edge. If
    /// only the full form of a partial one is there, it is that one's beginning.
    fn required(&self, level: Option<u8>, index: u64) -> io::Result<(TileName, Vec<u8>)> {
        let width = self.width(level.unwrap_or(0), index);
        let full = TileName {
            level,
            index,
            width: None,
        };
        if width == WIDTH {
            return Ok((full, std::fs::read(self.vault.join(full.path()))?));
        }
        let partial = TileName {
            width: Some(width as u8),
            ..full
        };
        match std::fs::read(self.vault.join(partial.path())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match std::fs::read(self.vault.join(full.path())) {
                    Ok(bytes) => Ok((full, bytes)),
                    Err(_) => Err(error),
                }
            }
            Ok(bytes) => Ok((partial, bytes)),
            Err(error) => Err(error),
        }
    }

    fn name(&self, level: Option<u8>, index: u64) -> TileName {
        let width = self.width(level.unwrap_or(0), index);
        TileName {
            level,
            index,
            width: (width < WIDTH).then_some(width as u8),
        }
    }

    /// Reads the hashes of a tile; a wrong length is a fault, and the tile is then of no use.
    fn tile(
        &self,
        level: u8,
        index: u64,
        faults: &mut Vec<Fault>,
    ) -> Result<Vec<Hash>, io::ErrorKind> {
        let wanted = self.width(level, index) as usize;
        match self.required(Some(level), index) {
            Ok((name, bytes)) => {
                let expected = name.count() * 32;
                if bytes.len() as u64 != expected {
                    faults.push(Fault::Length {
                        path: name.path(),
                        found: bytes.len() as u64,
                        expected,
                    });
                    return Err(io::ErrorKind::InvalidData);
                }
                self.compare_partials(Some(level), index, &bytes, |width| width * 32, faults);
                let mut hashes = Vec::with_capacity(wanted);
                for chunk in bytes.chunks(32).take(wanted) {
                    let mut hash = [0; 32];
                    hash.copy_from_slice(chunk);
                    hashes.push(Hash(hash));
                }
                Ok(hashes)
            }
            Err(error) => {
                faults.push(Fault::File {
                    path: self.name(Some(level), index).path(),
                    found: error.to_string(),
                });
                Err(error.kind())
            }
        }
    }

    /// Every narrower form of a tile or bundle must be its beginning, to the byte.
    fn compare_partials(
        &self,
        level: Option<u8>,
        index: u64,
        full: &[u8],
        length: impl Fn(usize) -> usize,
        faults: &mut Vec<Fault>,
    ) {
        let wanted = self.width(level.unwrap_or(0), index);
        let widths = self.partials.get(&(level, index));
        for &width in widths.into_iter().flatten() {
            // The required form was read already, and wider ones lie beyond the checkpoint.
            if u64::from(width) >= wanted {
                continue;
            }
            let path = TileName {
                level,
                index,
                width: Some(width),
            }
            .path();
            let expected = &full[..length(usize::from(width)).min(full.len())];
            match std::fs::read(self.vault.join(&path)) {
                Ok(bytes) if bytes == expected => {}
                // A writer may have removed it since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(bytes) => {
                    let same = bytes
                        .iter()
                        .zip(expected)
                        .take_while(|(a, b)| a == b)
                        .count();
                    faults.push(Fault::Superseded {
                        path,
                        at: same as u64,
                    });
                }
                Err(error) => faults.push(Fault::File {
                    path,
                    found: error.to_string(),
                }),
            }
        }
    }

    fn bundle(&self, index: u64) -> Bundle {
        let width = self.width(0, index) as usize;
        let mut faults = Vec::new();
        let tile = self.tile(0, index, &mut faults);
        let mut bundle = Bundle {
            index,
            found: vec![None; width],
            tile,
            missing: None,
            faults,
            if_tile_right: Vec::new(),
            named: Vec::new(),
            erased: Vec::new(),
            lacking: false,
        };
        match self.required(None, index) {
            Ok((name, bytes)) => self.entries(&mut bundle, name, &bytes),
            Err(error) => bundle.missing = Some(error.to_string()),
        }
        bundle.lacking |= bundle.found.contains(&None);
        bundle
    }

    /// Walks the entries of a bundle.
    fn entries(&self, bundle: &mut Bundle, name: TileName, bytes: &[u8]) {
        let path = name.path();
        let width = bundle.found.len();
        let mut ends = Vec::with_capacity(width);
        let mut at = 0;
        for i in 0..width {
            let seq = bundle.index * WIDTH + i as u64;
            let promised = bundle.tile.as_ref().ok().map(|tile| tile[i]);
            let Some(&[high, low]) = bytes.get(at..at + 2) else {
                bundle.if_tile_right.push(Fault::EntriesMissing {
                    first: seq,
                    last: bundle.index * WIDTH + width as u64 - 1,
                    path: path.clone(),
                    at: at as u64,
                });
                break;
            };
            let said = usize::from(high) << 8 | usize::from(low);
            let start = at + 2;
            let mut length = said.min(bytes.len() - start);
            let mut hash = leaf(&bytes[start..start + length]);
            if let Some(promised) = promised.filter(|p| *p != hash || said != length) {
                if let Some(right) = length_of(&bytes[start..], promised) {
                    // Bytes that hash to what the tile says are the entry, whoever else is wrong.
                    bundle.faults.push(Fault::EntryLength {
                        seq,
                        path: path.clone(),
                        at: at as u64,
                        found: said as u64,
                        expected: right as u64,
                    });
                    (length, hash) = (right, promised);
                } else {
                    bundle.lacking = true;
                    let entry = &bytes[start..start + length];
                    bundle.if_tile_right.push(Fault::Entry {
                        seq,
                        path: path.clone(),
                        at: start as u64..(start + length) as u64,
                        restored: self.one_byte(entry, promised, start),
                    });
                }
            }
            bundle.found[i] = Some(hash);
            match gist(&bytes[start..start + length], seq) {
                Ok(gist) => {
                    bundle.named.extend(gist.blobs.iter().map(|b| (*b, seq)));
                    bundle.erased.extend(gist.erases.map(|b| (b, seq)));
                }
                Err((departure, expected)) => {
                    bundle.lacking = true;
                    bundle.faults.push(Fault::EntryForm {
                        seq,
                        path: path.clone(),
                        at: (start + departure) as u64,
                        expected,
                    });
                }
            }
            at = start + length;
            ends.push(at);
        }
        // Only a full form standing in for a partial one may go on.
        if ends.len() == width && at < bytes.len() && name.count() == width as u64 {
            bundle.faults.push(Fault::Length {
                path,
                found: bytes.len() as u64,
                expected: at as u64,
            });
        }
        let length = |width: usize| ends.get(width - 1).copied().unwrap_or(bytes.len());
        self.compare_partials(None, bundle.index, bytes, length, &mut bundle.faults);
    }

    /// The one byte that, changed back, makes an entry hash to what the tree says.
    fn one_byte(&self, entry: &[u8], promised: Hash, start: usize) -> Option<(u64, u8, u8)> {
        if entry.len() > SEARCHED_BYTES || self.searches.fetch_add(1, Ordering::Relaxed) >= SEARCHES
        {
            return None;
        }
        let mut attempt = entry.to_vec();
        for i in 0..attempt.len() {
            for byte in 0..=255 {
                attempt[i] = byte;
                if leaf(&attempt) == promised {
                    return Some(((start + i) as u64, entry[i], byte));
                }
            }
            attempt[i] = entry[i];
        }
        None
    }
}

/// How many of the first bytes hash to `promised`.
fn length_of(bytes: &[u8], promised: Hash) -> Option<usize> {
    let mut hasher = Sha256::new().chain_update([0u8]);
    // Every entry ends with a brace: no other length is worth finishing a hash for.
    for (i, byte) in bytes.iter().take(usize::from(u16::MAX)).enumerate() {
        hasher.update([*byte]);
        if *byte == b'}' && hasher.clone().finalize()[..] == promised.0 {
            return Some(i + 1);
        }
    }
    None
}

/// A bundle that disagrees with its tile, or that cannot be read: to be judged later.
struct Dispute {
    bundle: Bundle,
    /// Root over the entries found, if all were found.
    by_entries: Option<Vec<Hash>>,
}

/// Checks the first `available` bundles of the log under `head`; returns what they say of blobs.
///
/// `step` is called after each bundle with the number of entries in it. If bundles
/// are missing at the end, which the caller reports, the root is not looked at.
pub(super) fn check(
    vault: &Path,
    head: Head,
    available: u64,
    kept: Option<Head>,
    partials: &Partials,
    report: &mut Report,
    step: &mut dyn FnMut(u64),
) -> Named {
    let files = Files {
        vault,
        partials,
        size: head.size,
        searches: AtomicU64::new(0),
    };
    let required = head.size.div_ceil(WIDTH);
    // A signed size is only a number: nothing is sized or read by it that is not on disk.
    let bundles = required.min(available);
    let mut named = Named::default();
    let mut tiles = vec![Hash([0; 32]); (head.size / WIDTH).min(bundles) as usize];
    let mut tail = Vec::new();
    let mut kept_tail = Vec::new();
    let mut disputes = Vec::new();

    in_parallel(
        bundles,
        |index| files.bundle(index),
        |mut bundle| {
            step(bundle.found.len() as u64);
            bundle
                .faults
                .drain(..)
                .for_each(|fault| report.fault(fault));
            named.lacking |= bundle.lacking;
            named.by.append(&mut bundle.named);
            named.erased.extend(bundle.erased.drain(..));
            let by_entries: Option<Vec<Hash>> = bundle.found.iter().copied().collect();
            let agreed = by_entries.is_some() && by_entries.as_ref() == bundle.tile.as_ref().ok();
            let leaves = by_entries
                .clone()
                .or_else(|| bundle.tile.clone().ok())
                .unwrap_or_else(|| vec![Hash([0; 32]); bundle.found.len()]);
            if kept.is_some_and(|kept| kept.size / WIDTH == bundle.index) {
                kept_tail.clone_from(&leaves);
            }
            if bundle.found.len() as u64 == WIDTH {
                tiles[bundle.index as usize] = top(leaves);
            } else {
                tail = leaves;
            }
            if !agreed {
                disputes.push(Dispute { bundle, by_entries });
            }
        },
    );
    named.sort();
    disputes.sort_by_key(|dispute| dispute.bundle.index);
    let mut judge = Judge {
        files: &files,
        head,
        tiles,
        tail,
        kept_tail,
        kept: kept.map(|kept| kept.size),
        report,
    };
    for dispute in disputes {
        judge.settle(dispute);
    }
    named.lacking |= bundles < required;
    if bundles == required {
        judge.upper_levels();
        judge.compare_kept(kept);
    }
    named
}

/// Runs `work` for every index on all cores; results come in any order.
pub(super) fn in_parallel<T: Send>(
    count: u64,
    work: impl Fn(u64) -> T + Sync,
    mut done: impl FnMut(T),
) {
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        // Bounded, so that a slow consumer bounds memory.
        let (sender, receiver) = mpsc::sync_channel(64);
        for _ in 0..workers {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || sender.send(work(index)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().for_each(&mut done);
    });
}

/// Decides who is right where entries and tiles disagree, and reports it.
struct Judge<'a, 'b> {
    files: &'a Files<'b>,
    head: Head,
    tiles: Vec<Hash>,
    tail: Vec<Hash>,
    kept_tail: Vec<Hash>,
    kept: Option<u64>,
    report: &'a mut Report,
}

impl Judge<'_, '_> {
    /// One bundle against its level-0 tile, with the level above as witness.
    fn settle(&mut self, dispute: Dispute) {
        let Dispute { bundle, by_entries } = dispute;
        let index = bundle.index;
        let tile = bundle.tile.as_ref().ok();
        let entries_right = by_entries
            .as_ref()
            .is_some_and(|leaves| self.vouched_for(index, leaves));
        let tile_right =
            !entries_right && tile.is_some_and(|leaves| self.vouched_for(index, leaves));
        if entries_right {
            // The tile differs from what is signed; where it is unreadable that was reported.
            if let (Some(tile), Some(leaves)) = (tile, &by_entries) {
                self.differing_hashes(0, index, tile, leaves);
            }
            return;
        }
        if let Some(found) = bundle.missing {
            let path = self.files.name(None, index).path();
            self.report.fault(Fault::File { path, found });
        }
        bundle
            .if_tile_right
            .into_iter()
            .for_each(|fault| self.report.fault(fault));
        if tile_right && let Some(tile) = tile {
            // Go on with what was signed, so that one damaged entry is one fault.
            self.believe(index, tile.clone());
        }
    }

    /// Whether the level above, or at the right edge the signed root, has these leaves.
    fn vouched_for(&self, index: u64, leaves: &[Hash]) -> bool {
        if leaves.len() as u64 == WIDTH {
            let above = self.files.tile(1, index / WIDTH, &mut Vec::new());
            return above.is_ok_and(|t| t[(index % WIDTH) as usize] == top(leaves.to_vec()));
        }
        let tree = Tree::of(self.tiles.clone());
        tree.root(0, self.head.size, leaves) == self.head.root
            || self.root_by_files(leaves) == Some(self.head.root)
    }

    fn believe(&mut self, index: u64, leaves: Vec<Hash>) {
        if self.kept.is_some_and(|kept| kept / WIDTH == index) {
            self.kept_tail.clone_from(&leaves);
        }
        if leaves.len() as u64 == WIDTH {
            self.tiles[index as usize] = top(leaves);
        } else {
            self.tail = leaves;
        }
    }

    /// Root from the tiles at the right edge as they lie on disk.
    fn root_by_files(&self, tail: &[Hash]) -> Option<Hash> {
        let mut root: Option<Hash> = None;
        for level in 0..8u8 {
            let count = self
                .head
                .size
                .checked_shr(8 * u32::from(level))
                .unwrap_or(0);
            let width = count % WIDTH;
            if width == 0 {
                continue;
            }
            let hashes = if level == 0 {
                tail.to_vec()
            } else {
                self.files
                    .tile(level, count / WIDTH, &mut Vec::new())
                    .ok()?
            };
            let mut end = hashes.len();
            while end > 0 {
                let run = end & end.wrapping_neg();
                let left = top(hashes[end - run..end].to_vec());
                root = Some(root.map_or(left, |right| parent(left, right)));
                end -= run;
            }
        }
        root
    }

    fn differing_hashes(&mut self, level: u8, index: u64, found: &[Hash], right: &[Hash]) {
        let path = self.files.name(Some(level), index).path();
        let span = WIDTH.pow(u32::from(level));
        for (i, _) in found
            .iter()
            .zip(right)
            .enumerate()
            .filter(|(_, (a, b))| a != b)
        {
            let first = (index * WIDTH + i as u64) * span;
            self.report.fault(Fault::Tile {
                path: path.clone(),
                at: i as u64 * 32..i as u64 * 32 + 32,
                first,
                last: first + span - 1,
            });
        }
    }

    /// Every tile above level 0, and the root.
    fn upper_levels(&mut self) {
        let tree = Tree::of(self.tiles.clone());
        let root = tree.root(0, self.head.size, &self.tail);
        let signed = root == self.head.root;
        let by_files = !signed && self.root_by_files(&self.tail) == Some(self.head.root);
        let mut explained = false;
        for (below, hashes) in tree.levels.iter().enumerate() {
            let level = below as u8 + 1;
            for (index, right) in hashes.chunks(WIDTH as usize).enumerate() {
                let mut faults = Vec::new();
                let tile = self.files.tile(level, index as u64, &mut faults);
                faults
                    .into_iter()
                    .for_each(|fault| self.report.fault(fault));
                let Ok(tile) = tile else { continue };
                if tile == right {
                    continue;
                }
                if by_files && level == 1 {
                    self.replaced(index as u64, &tile, right);
                    explained = true;
                } else if !by_files {
                    self.differing_hashes(level, index as u64, &tile, right);
                }
            }
        }
        if !signed && !explained {
            self.report.fault(Fault::Replaced {
                size: self.head.size,
                found: root,
                promised: self.head.root,
            });
        }
    }

    /// Level 1 and the signed root agree; the bundles under the differing hashes do not.
    fn replaced(&mut self, index: u64, tile: &[Hash], by_entries: &[Hash]) {
        for (i, _) in tile
            .iter()
            .zip(by_entries)
            .enumerate()
            .filter(|(_, (a, b))| a != b)
        {
            let bundle = index * WIDTH + i as u64;
            self.report.fault(Fault::ReplacedRange {
                first: bundle * WIDTH,
                last: bundle * WIDTH + WIDTH - 1,
                path: self.files.name(Some(1), index).path(),
            });
        }
    }

    fn compare_kept(&mut self, kept: Option<Head>) {
        let Some(kept) = kept.filter(|kept| kept.size <= self.head.size) else {
            return;
        };
        let tree = Tree::of(self.tiles.clone());
        let found = tree.root(0, kept.size, &self.kept_tail);
        if found != kept.root {
            self.report.fault(Fault::Rewritten {
                before: kept.size,
                kept: kept.root,
                found,
            });
        }
    }
}

/// The paths of everything below `log/`, as tiles by name and as the rest.
pub(super) fn list(vault: &Path) -> io::Result<(Vec<TileName>, Vec<PathBuf>)> {
    let (mut tiles, mut others) = (Vec::new(), Vec::new());
    let mut dirs = vec![PathBuf::from("log")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(vault.join(&dir))? {
            let entry = entry?;
            let path = dir.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                dirs.push(path);
            } else if let Some(name) = TileName::parse(&path) {
                tiles.push(name);
            } else if path != Path::new("log/checkpoint") {
                others.push(path);
            }
        }
    }
    tiles.sort();
    others.sort();
    Ok((tiles, others))
}
