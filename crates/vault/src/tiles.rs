//! The log's files: [c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles).
//!
//! `tile/<L>/<N>` holds 256 hashes, of leaves at level 0 and of whole tiles of the
//! level below elsewhere; `tile/entries/<N>` holds the 256 entries under level-0
//! tile N, each after its length in 16 bits, big endian. The last of each may be
//! shorter and is then `….p/<W>`, W being its width.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskError};
use crate::entry::{Entry, EntryError};
use crate::merkle::{self, Hash, leaf_hash, node_hash, perfect_root};

/// Width of a full tile.
pub(crate) const WIDTH: u64 = 256;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file could not be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A hash tile does not have the hash its parent promises.
    #[error("cannot trust hash tile {path:?}: found {found}, expected {expected}")]
    Tile {
        /// The tile's file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// An entry does not have the hash that its tile promises.
    #[error("cannot trust entry {seq} in {path:?}: its hash is not the one in the tree")]
    Entry {
        /// The entry.
        seq: u64,
        /// Its bundle's file.
        path: PathBuf,
    },
    /// A bundle ends early or goes on too long.
    #[error("cannot read entry bundle {path:?}: found {found} entries, expected {expected}")]
    Bundle {
        /// The bundle's file.
        path: PathBuf,
        /// Whole entries found.
        found: u64,
        /// Entries promised by the tree.
        expected: u64,
    },
    /// An entry that the tree vouches for is not one that this version can read.
    #[error("cannot read entry {seq}: {source}")]
    Form {
        /// The entry.
        seq: u64,
        /// Why.
        source: EntryError,
    },
    /// Beyond the end of the log.
    #[error("cannot read up to entry {asked}: the log has {size}")]
    Range {
        /// Entries asked for, exclusive end.
        asked: u64,
        /// Entries there are.
        size: u64,
    },
    /// A consistency proof from nothing, or backwards.
    #[error("cannot prove consistency from {old} to {new} entries: expected 0 < old <= new")]
    Consistency {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
}

/// Which row of files a path is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    Entries,
    Level(usize),
}

/// Path below `log/` of the full tile or bundle; with `width` that of a partial one.
pub(crate) fn tile_path(row: Row, index: u64, width: Option<u64>) -> PathBuf {
    let mut path = match row {
        Row::Entries => "tile/entries".to_owned(),
        Row::Level(level) => format!("tile/{level}"),
    };
    let digits = format!("{index:03}");
    let head = digits.len() % 3;
    let padded = format!("{}{digits}", if head == 0 { "" } else { &"00"[head - 1..] });
    let groups = padded.len() / 3;
    for group in 0..groups {
        path.push('/');
        if group + 1 < groups {
            path.push('x');
        }
        path.push_str(&padded[group * 3..group * 3 + 3]);
    }
    if let Some(width) = width {
        path.push_str(&format!(".p/{width}"));
    }
    path.into()
}

/// Directory below `log/` that holds the partial forms of a tile or bundle.
pub(crate) fn partial_dir(row: Row, index: u64) -> PathBuf {
    let mut path = tile_path(row, index, None).into_os_string();
    path.push(".p");
    path.into()
}

/// How many hashes level `level` has in a tree of `size` entries.
pub(crate) fn hashes_at(level: usize, size: u64) -> u64 {
    size.checked_shr(8 * level as u32).unwrap_or(0)
}

/// The right edge of the tree: for each level the hashes of its last, partial tile.
///
/// With these the root follows, and the tree can grow, without reading anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) size: u64,
    levels: Vec<Vec<Hash>>,
}

/// What appending adds below `log/`: the new edge, the files, and the open bundle's new bytes.
pub(crate) struct Growth {
    pub(crate) edge: Edge,
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    pub(crate) bundle: Vec<u8>,
}

impl Edge {
    pub(crate) fn empty() -> Edge {
        Edge {
            size: 0,
            levels: Vec::new(),
        }
    }

    /// Hashes of the partial tile at `level`; none if the level ends with a full tile.
    pub(crate) fn level(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for row in &self.levels {
            let mut end = row.len();
            // The row is a run of perfect subtrees, the smallest last.
            while end > 0 {
                let width = 1 << end.trailing_zeros();
                let left = perfect_root(&row[end - width..end]);
                root = Some(match root {
                    None => left,
                    Some(right) => node_hash(&left, &right),
                });
                end -= width;
            }
        }
        root.unwrap_or_else(Hash::of_nothing)
    }

    /// The tree and the files after `entries` follow; `bundle` is the open bundle so far.
    pub(crate) fn grow(&self, bundle: &[u8], entries: &[Vec<u8>]) -> Growth {
        let mut edge = self.clone();
        let mut bundle = bundle.to_vec();
        let mut files = Vec::new();
        for entry in entries {
            let length = u16::try_from(entry.len()).expect("Entry::canonical caps the length");
            bundle.extend_from_slice(&length.to_be_bytes());
            bundle.extend_from_slice(entry);
            if edge.push(leaf_hash(entry), &mut files) {
                let index = edge.size / WIDTH - 1;
                files.push((
                    tile_path(Row::Entries, index, None),
                    std::mem::take(&mut bundle),
                ));
            }
        }
        if !bundle.is_empty() {
            let path = tile_path(Row::Entries, edge.size / WIDTH, Some(edge.size % WIDTH));
            files.push((path, bundle.clone()));
        }
        for (level, row) in edge.levels.iter().enumerate() {
            let count = hashes_at(level, edge.size);
            if !row.is_empty() && count != hashes_at(level, self.size) {
                let path = tile_path(Row::Level(level), count / WIDTH, Some(count % WIDTH));
                files.push((path, bytes_of(row)));
            }
        }
        Growth {
            edge,
            files,
            bundle,
        }
    }

    /// Adds a leaf; whether that filled a level-0 tile.
    fn push(&mut self, leaf: Hash, files: &mut Vec<(PathBuf, Vec<u8>)>) -> bool {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            if (row.len() as u64) < WIDTH {
                return level > 0;
            }
            hash = perfect_root(row);
            let index = hashes_at(level, self.size) / WIDTH - 1;
            files.push((tile_path(Row::Level(level), index, None), bytes_of(row)));
            row.clear();
        }
        unreachable!("a tree of 2^64 entries has fewer than nine levels")
    }
}

/// The files below `log/` that growing from one size to another makes.
pub(crate) fn files_between(old: u64, new: u64) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for level in 0..8 {
        let (had, has) = (hashes_at(level, old), hashes_at(level, new));
        if had == has {
            break;
        }
        let mut rows = vec![Row::Level(level)];
        if level == 0 {
            rows.push(Row::Entries);
        }
        for row in rows {
            paths.extend((had / WIDTH..has / WIDTH).map(|index| tile_path(row, index, None)));
            if has % WIDTH != 0 {
                paths.push(tile_path(row, has / WIDTH, Some(has % WIDTH)));
            }
        }
    }
    paths
}

/// The partial tiles and bundle below `log/` that a tree of `size` entries ends with.
pub(crate) fn partials_of(size: u64) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for level in 0..8 {
        let count = hashes_at(level, size);
        if !count.is_multiple_of(WIDTH) {
            let (index, width) = (count / WIDTH, Some(count % WIDTH));
            paths.push(tile_path(Row::Level(level), index, width));
            if level == 0 {
                paths.push(tile_path(Row::Entries, index, width));
            }
        }
    }
    paths
}

/// The directories of partial tiles that growing from one size to another makes superfluous.
pub(crate) fn superseded_between(old: u64, new: u64) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for level in 0..8 {
        let (had, has) = (hashes_at(level, old), hashes_at(level, new));
        if had % WIDTH != 0 && had / WIDTH < has / WIDTH {
            dirs.push(partial_dir(Row::Level(level), had / WIDTH));
            if level == 0 {
                dirs.push(partial_dir(Row::Entries, had / WIDTH));
            }
        }
    }
    dirs
}

fn bytes_of(row: &[Hash]) -> Vec<u8> {
    row.iter().flat_map(|hash| hash.0).collect()
}

fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes
        .chunks_exact(32)
        .map(|chunk| Hash(chunk.try_into().expect("chunks of 32")))
        .collect()
}

/// Reads a tile or bundle in the form that `width` asks for.
///
/// A writer that has filled the tile since may have removed the partial form; then
/// the full one begins with the same bytes, and the caller cuts it.
fn read_row(
    disk: &dyn Disk,
    log: &Path,
    row: Row,
    index: u64,
    width: Option<u64>,
) -> Result<(PathBuf, Vec<u8>), DiskError> {
    let full = log.join(tile_path(row, index, None));
    if let Some(width) = width {
        let path = log.join(tile_path(row, index, Some(width)));
        match disk.read(&path) {
            Ok(bytes) => return Ok((path, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match disk.read(&full) {
                    Ok(bytes) => Ok((full, bytes)),
                    // The missing partial one is what should be there.
                    Err(_) => Err(DiskError::at("read", &path)(error)),
                };
            }
            Err(error) => return Err(DiskError::at("read", &path)(error)),
        }
    }
    match disk.read(&full) {
        Ok(bytes) => Ok((full, bytes)),
        Err(error) => Err(DiskError::at("read", &full)(error)),
    }
}

/// Reads the right edge of a tree of `size` entries and the bytes of its open bundle.
///
/// The caller compares the root. Costs a handful of small files, whatever the size.
pub(crate) fn read_edge(
    disk: &dyn Disk,
    log: &Path,
    size: u64,
) -> Result<(Edge, Vec<u8>), ReadError> {
    let mut levels = Vec::new();
    for level in 0.. {
        let count = hashes_at(level, size);
        if count == 0 {
            break;
        }
        let width = (count % WIDTH) as usize;
        if width == 0 {
            levels.push(Vec::new());
            continue;
        }
        let row = Row::Level(level);
        let (path, bytes) = read_row(disk, log, row, count / WIDTH, Some(width as u64))?;
        let mut hashes = hashes_of(&bytes);
        if hashes.len() < width || bytes.len() % 32 != 0 {
            return Err(ReadError::Tile {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("{} bytes", width * 32),
            });
        }
        hashes.truncate(width);
        levels.push(hashes);
    }
    let edge = Edge { size, levels };
    let bundle = read_bundle(disk, log, size / WIDTH, edge.level(0))?.0;
    Ok((edge, bundle))
}

/// The bytes and the entries' places in them of a bundle whose leaf hashes are known.
fn read_bundle(
    disk: &dyn Disk,
    log: &Path,
    index: u64,
    leaves: &[Hash],
) -> Result<(Vec<u8>, Vec<Range<usize>>), ReadError> {
    let expected = leaves.len() as u64;
    if expected == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    let width = (expected < WIDTH).then_some(expected);
    let (path, mut bytes) = read_row(disk, log, Row::Entries, index, width)?;
    let mut places = Vec::with_capacity(leaves.len());
    let mut at = 0;
    for (i, leaf) in leaves.iter().enumerate() {
        let place = bytes
            .get(at..at + 2)
            .map(|prefix| at + 2..at + 2 + usize::from(u16::from_be_bytes([prefix[0], prefix[1]])))
            .filter(|place| place.end <= bytes.len())
            .ok_or_else(|| ReadError::Bundle {
                path: path.clone(),
                found: i as u64,
                expected,
            })?;
        if leaf_hash(&bytes[place.clone()]) != *leaf {
            return Err(ReadError::Entry {
                seq: index * WIDTH + i as u64,
                path,
            });
        }
        at = place.end;
        places.push(place);
    }
    bytes.truncate(at);
    Ok((bytes, places))
}

/// Reads of the log in which every byte handed out is under the root of `edge`.
#[derive(Debug)]
pub(crate) struct Tiles {
    disk: Arc<dyn Disk>,
    log: PathBuf,
    edge: Arc<Edge>,
    /// The last verified full tile of each level.
    recent: HashMap<usize, (u64, Arc<Vec<Hash>>)>,
}

impl Tiles {
    pub(crate) fn new(disk: Arc<dyn Disk>, log: PathBuf, edge: Arc<Edge>) -> Tiles {
        Tiles {
            disk,
            log,
            edge,
            recent: HashMap::new(),
        }
    }

    pub(crate) fn is_of_same_tree_as(&self, other: &Tiles) -> bool {
        Arc::ptr_eq(&self.edge, &other.edge)
    }

    fn tile(&mut self, level: usize, index: u64) -> Result<Arc<Vec<Hash>>, ReadError> {
        if index == hashes_at(level, self.edge.size) / WIDTH {
            return Ok(Arc::new(self.edge.level(level).to_vec()));
        }
        if let Some((recent, tile)) = self.recent.get(&level)
            && *recent == index
        {
            return Ok(tile.clone());
        }
        let (path, bytes) = read_row(&*self.disk, &self.log, Row::Level(level), index, None)?;
        if bytes.len() as u64 != WIDTH * 32 {
            return Err(ReadError::Tile {
                path,
                found: format!("{} bytes", bytes.len()),
                expected: format!("{} bytes", WIDTH * 32),
            });
        }
        let hashes = hashes_of(&bytes);
        let found = perfect_root(&hashes);
        let expected = self.tile(level + 1, index / WIDTH)?[(index % WIDTH) as usize];
        if found != expected {
            return Err(ReadError::Tile {
                path,
                found: found.to_string(),
                expected: expected.to_string(),
            });
        }
        let tile = Arc::new(hashes);
        self.recent.insert(level, (index, tile.clone()));
        Ok(tile)
    }

    /// Node `(height, index)` of the tree.
    pub(crate) fn node(&mut self, height: u8, index: u64) -> Result<Hash, ReadError> {
        let (level, rest) = (usize::from(height / 8), height % 8);
        let first = index << rest;
        let from = (first % WIDTH) as usize;
        let tile = self.tile(level, first / WIDTH)?;
        Ok(perfect_root(&tile[from..from + (1 << rest)]))
    }

    pub(crate) fn inclusion(&mut self, seq: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.within(size)?;
        if seq >= size {
            return Err(ReadError::Range {
                asked: seq.saturating_add(1),
                size,
            });
        }
        merkle::inclusion_path(seq, size, &mut |height, index| self.node(height, index))
    }

    pub(crate) fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        self.within(new)?;
        if old == 0 || old > new {
            return Err(ReadError::Consistency { old, new });
        }
        merkle::consistency_path(old, new, &mut |height, index| self.node(height, index))
    }

    pub(crate) fn root_at(&mut self, size: u64) -> Result<Hash, ReadError> {
        self.within(size)?;
        merkle::range_root(0, size, &mut |height, index| self.node(height, index))
    }

    fn within(&self, asked: u64) -> Result<(), ReadError> {
        let size = self.edge.size;
        if asked > size {
            return Err(ReadError::Range { asked, size });
        }
        Ok(())
    }
}

/// Entries in order, one bundle in memory at a time, each checked against the root.
pub struct Entries {
    tiles: Tiles,
    next: u64,
    end: u64,
    bytes: Vec<u8>,
    places: std::vec::IntoIter<Range<usize>>,
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entries({}..{})", self.next, self.end)
    }
}

impl Entries {
    pub(crate) fn new(tiles: Tiles, range: Range<u64>) -> Result<Entries, ReadError> {
        tiles.within(range.end)?;
        Ok(Entries {
            tiles,
            next: range.start,
            end: range.end,
            bytes: Vec::new(),
            places: Vec::new().into_iter(),
        })
    }

    fn read_next(&mut self) -> Result<Entry, ReadError> {
        let seq = self.next;
        if self.places.len() == 0 {
            let leaves = self.tiles.tile(0, seq / WIDTH)?;
            let (bytes, mut places) =
                read_bundle(&*self.tiles.disk, &self.tiles.log, seq / WIDTH, &leaves)?;
            self.bytes = bytes;
            places.drain(..(seq % WIDTH) as usize);
            self.places = places.into_iter();
        }
        let place = self
            .places
            .next()
            .expect("a bundle holds what its tile names");
        let entry =
            Entry::parse(&self.bytes[place]).map_err(|source| ReadError::Form { seq, source })?;
        if entry.seq != seq {
            let found = format!("it calls itself entry {}", entry.seq);
            return Err(ReadError::Form {
                seq,
                source: EntryError::Form { found },
            });
        }
        Ok(entry)
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let read = self.read_next();
        // After an error nothing more can be promised.
        self.next = if read.is_ok() {
            self.next + 1
        } else {
            self.end
        };
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |row, index, width| tile_path(row, index, width).display().to_string();
        assert_eq!(path(Row::Level(0), 0, None), "tile/0/000");
        assert_eq!(path(Row::Level(2), 999, Some(17)), "tile/2/999.p/17");
        assert_eq!(path(Row::Entries, 1000, None), "tile/entries/x001/000");
        assert_eq!(
            path(Row::Entries, 1_234_067, Some(8)),
            "tile/entries/x001/x234/067.p/8"
        );
        assert_eq!(path(Row::Level(1), 12_345, None), "tile/1/x012/345");
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_of_the_specification() {
        let edge = Edge::empty();
        let entries = vec![vec![b'x']; 70_000];
        let growth = edge.grow(&[], &entries);
        let count = |prefix: &str| {
            growth
                .files
                .iter()
                .filter(|(p, _)| p.starts_with(prefix))
                .count()
        };
        assert_eq!(
            (count("tile/0"), count("tile/1"), count("tile/2")),
            (274, 2, 1)
        );
        let width = |path: &str| {
            growth
                .files
                .iter()
                .find(|(p, _)| p == Path::new(path))
                .map(|(_, b)| b.len() / 32)
        };
        assert_eq!(width("tile/0/273.p/112"), Some(112));
        assert_eq!(width("tile/1/000"), Some(256));
        assert_eq!(width("tile/1/001.p/17"), Some(17));
        assert_eq!(width("tile/2/000.p/1"), Some(1));
        let mut made: Vec<_> = growth.files.iter().map(|(path, _)| path.clone()).collect();
        let mut foreseen = files_between(0, 70_000);
        made.sort();
        foreseen.sort();
        assert_eq!(made, foreseen);
    }
}
