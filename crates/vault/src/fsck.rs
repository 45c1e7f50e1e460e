//! Checking a vault from outside: every entry, hash, file and blob, against the signed root.
//!
//! *Architecture invariant.* This module shares the format with the writer, and a few
//! plain types, but none of its code: it parses, hashes and opens by itself, from the
//! descriptions. A mistake in the writer is then not excused by the same mistake here.
//! It only reads.

mod blobs;
mod format;
mod json;
mod log;
mod report;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

pub use report::{BlobCounts, Fault, Note, Report, Verdict};

use self::format::{BadCheckpoint, Head, Settings, TileName};
use crate::disk::DiskError;
use crate::keys::BlobKey;

/// The key of vaults without encryption: known to all.
const NO_KEY: [u8; 32] = [0; 32];

/// Checks a whole vault and reports everything found.
///
/// * `key`: without it the contents of sealed blobs are not checked, and counted as unchecked.
/// * `kept`: a checkpoint of this vault that somebody kept. Only with one can a vault
///   that was rolled back, or rewritten by the holder of the signing key, be told from a sound one.
/// * `progress`: called with steps done and in all, a step being an entry or a blob; the
///   total grows once, when the log has been read and the blobs are known.
///
/// Memory does not grow with the length of the log, but for 32 bytes per 256 entries and
/// 40 bytes per naming of a blob. Fails only if the folder itself cannot be read; everything
/// else is a [`Fault`]. May run while others append: it then judges the log as it was
/// when it began.
pub fn fsck(
    vault: &Path,
    key: Option<&BlobKey>,
    kept: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, DiskError> {
    let mut report = Report::default();
    let settings = match read_settings(vault) {
        Ok(settings) => settings,
        Err(found) => {
            report.fault(Fault::Settings { found });
            return Ok(report);
        }
    };
    report.origin = Some(settings.origin.clone());
    // Writers wait for as long as the three readings below take, so that they fit together.
    let journal = vault.join("journal");
    let lock = File::open(&journal).and_then(|file| file.lock_shared().map(|()| file));
    let journal = std::fs::read(journal);
    let head = std::fs::read(vault.join("log/checkpoint"));
    let (tiles, others) = log::list(vault).map_err(DiskError::at("list", &vault.join("log")))?;
    drop(lock);
    let stray = others.into_iter().map(|path| Note::Stray { path });
    report.notes.extend(stray);

    let Some(head) = read_checkpoint(head, &settings, &tiles, &mut report) else {
        return Ok(report);
    };
    report.entries = head.size;
    report.root = Some(head.root);
    let kept = compare_kept(kept, &settings, head, &mut report);
    let journal = journal.ok().and_then(|bytes| format::journal(&bytes));
    beyond(&tiles, journal.as_ref(), head, &mut report);

    let mut partials = log::Partials::new();
    for tile in &tiles {
        if let Some(width) = tile.width {
            partials
                .entry((tile.level, tile.index))
                .or_default()
                .push(width);
        }
    }
    let available = available(&tiles, head.size);
    if available < head.size.div_ceil(256) {
        let widest = partials
            .get(&(None, available))
            .and_then(|w| w.iter().max());
        report.fault(Fault::Truncated {
            promised: head.size,
            found: available * 256 + widest.map_or(0, |w| u64::from(*w)),
        });
    }

    let (mut done, mut total) = (0, head.size);
    let mut step = |steps: u64, total: u64| {
        done += steps;
        progress(done.min(total), total);
    };
    let mut named = log::check(
        vault,
        head,
        available,
        kept,
        &partials,
        &mut report,
        &mut |steps| step(steps, total),
    );
    // Entries may be lacking that would say more of blobs than these do.
    named.lacking |= !report.faults.is_empty();
    total += named.blobs();
    let opening = match (settings.encrypted, key) {
        (false, _) => Some(&NO_KEY),
        (true, key) => key.map(|key| &*key.0),
    };
    let opening = opening.map(|key| blobs::Opening {
        key,
        encrypted: settings.encrypted,
    });
    blobs::check(vault, named, opening, &mut report, &mut |steps| {
        step(steps, total)
    })
    .map_err(DiskError::at("list", &vault.join("blobs")))?;
    Ok(report)
}

fn read_settings(vault: &Path) -> Result<Settings, String> {
    let bytes = std::fs::read(vault.join("vault.toml")).map_err(|error| error.to_string())?;
    format::settings(std::str::from_utf8(&bytes).map_err(|error| error.to_string())?)
}

fn read_checkpoint(
    bytes: io::Result<Vec<u8>>,
    settings: &Settings,
    tiles: &[TileName],
    report: &mut Report,
) -> Option<Head> {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bundles = tiles.iter().filter(|tile| tile.level.is_none());
            report.fault(Fault::CheckpointMissing {
                bundles: bundles.count() as u64,
            });
            return None;
        }
        Err(error) => {
            let found = error.to_string();
            report.fault(Fault::CheckpointForm { found });
            return None;
        }
    };
    match format::checkpoint(&bytes, settings) {
        Ok(head) => return Some(head),
        Err(BadCheckpoint::Form(found)) => report.fault(Fault::CheckpointForm { found }),
        Err(BadCheckpoint::Unsigned) => report.fault(Fault::CheckpointSignature {
            key: settings.key_text.clone(),
        }),
    }
    None
}

/// Reads the kept checkpoint and compares sizes; roots are compared when the log has been read.
fn compare_kept(
    kept: Option<&str>,
    settings: &Settings,
    head: Head,
    report: &mut Report,
) -> Option<Head> {
    let found = match format::checkpoint(kept?.as_bytes(), settings) {
        Ok(kept) if kept.size > head.size => {
            report.fault(Fault::RolledBack {
                kept: kept.size,
                found: head.size,
            });
            return None;
        }
        Ok(kept) => return Some(kept),
        Err(BadCheckpoint::Form(found)) => found,
        Err(BadCheckpoint::Unsigned) => format!(
            "it is not signed by the key in vault.toml, {}; one of the two is not this vault's",
            settings.key_text
        ),
    };
    report.fault(Fault::Kept { found });
    None
}

/// How many bundles from the first to the last that is there in the form the checkpoint requires.
fn available(tiles: &[TileName], size: u64) -> u64 {
    let (full, rest) = (size / 256, size % 256);
    tiles
        .iter()
        .filter(|tile| tile.level.is_none() && tile.index < size.div_ceil(256))
        .filter(|tile| match tile.width {
            None => true,
            Some(width) => tile.index == full && u64::from(width) == rest,
        })
        .map(|tile| tile.index + 1)
        .max()
        .unwrap_or(0)
}

/// What lies beyond the checkpoint, and whether an interrupted append explains it.
fn beyond(tiles: &[TileName], journal: Option<&format::Journal>, head: Head, report: &mut Report) {
    let here = (head.size, head.root);
    let reaches = |size: u64| {
        move |tile: &TileName| {
            let count = size.checked_shr(8 * u32::from(tile.level.unwrap_or(0)));
            tile.index * 256 + tile.count() <= count.unwrap_or(0)
        }
    };
    // A full tile may stand where the checkpoint requires a partial one only if it is newer.
    let outside: Vec<&TileName> = tiles
        .iter()
        .filter(|tile| !reaches(head.size)(tile))
        .collect();
    // Partial tiles are removed only after a commit: without them it was none that stopped short.
    let interrupted = journal.is_some_and(|journal| {
        !journal.settled && journal.from == here && journal.to.0 > head.size
    }) && ends_whole(tiles, head.size);
    let explained = |tile: &&TileName| {
        interrupted && journal.is_some_and(|journal| reaches(journal.to.0)(tile))
    };
    let mut unexplained = Vec::new();
    for tile in outside {
        if explained(&tile) {
            report.notes.push(Note::Interrupted { path: tile.path() });
        } else {
            unexplained.push(tile.path());
        }
    }
    match journal {
        None => report.notes.push(Note::Journal),
        Some(journal) if journal.to != here && !interrupted => {
            not_last(journal, head, report);
        }
        Some(_) => {}
    }
    if let Some(path) = unexplained.first() {
        unexplained_files(path.clone(), unexplained.len() as u64, head, report);
    }
}

/// Whether the partial tiles and bundle that a log of `size` entries ends with are all there.
fn ends_whole(tiles: &[TileName], size: u64) -> bool {
    (0..8u8).all(|level| {
        let count = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        let ending = |level| TileName {
            level,
            index: count / 256,
            width: Some((count % 256) as u8),
        };
        let there = |level| tiles.binary_search(&ending(level)).is_ok();
        count.is_multiple_of(256) || (there(Some(level)) && (level > 0 || there(None)))
    })
}

fn not_last(journal: &format::Journal, head: Head, report: &mut Report) {
    report.fault(if head.size == 0 {
        Fault::Emptied {
            evidence: format!(
                "the last writer went from {} to {} entries",
                journal.from.0, journal.to.0
            ),
        }
    } else {
        Fault::NotLast {
            checkpoint: head.size,
            from: journal.from.0,
            to: journal.to.0,
        }
    });
}

fn unexplained_files(path: PathBuf, count: u64, head: Head, report: &mut Report) {
    report.fault(if head.size == 0 {
        Fault::Emptied {
            evidence: format!("{count} files of a log are there, the first being {path:?}"),
        }
    } else {
        Fault::Beyond {
            size: head.size,
            path,
            count,
        }
    });
}
