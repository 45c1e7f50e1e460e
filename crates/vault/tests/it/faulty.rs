//! Every step of writing fails once, in every way; no acknowledged entry is ever lost.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use standing_vault::disk::{Disk, DiskFile, RealDisk};
use standing_vault::{Blob, Vault, Verdict, fsck};

use crate::common::{Fixture, draft, drafts, time};

/// How the chosen step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Nothing was done.
    Before,
    /// Everything was done, and yet it fails.
    After,
    /// The disk is full: half of a write arrives, then nothing more is written.
    Full,
    /// The machine stops: half of a write arrives, then nothing more is done at all.
    Stop,
}

/// The real disk, but step number `at` fails.
#[derive(Debug)]
struct Faulty {
    how: How,
    at: u64,
    steps: Arc<AtomicU64>,
}

fn broken() -> io::Error {
    io::Error::other("injected")
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Faulty {
    /// Counts a step; whether it is to fail, and how.
    fn step(&self, allocates: bool) -> Option<How> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        match self.how {
            _ if step == self.at => Some(self.how),
            How::Full if step > self.at && allocates => Some(How::Full),
            How::Stop if step > self.at => Some(How::Stop),
            _ => None,
        }
    }

    fn act<T>(&self, allocates: bool, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.step(allocates) {
            None => act(),
            Some(How::After) => act().and(Err(broken())),
            Some(How::Full) if allocates => Err(full()),
            Some(How::Full) => act(),
            Some(How::Before | How::Stop) => Err(broken()),
        }
    }
}

struct FaultyFile {
    file: Box<dyn DiskFile>,
    disk: Faulty,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.step(true) {
            None => self.file.write_all(bytes).map(|()| bytes.len()),
            Some(How::Before) => Err(broken()),
            Some(How::After) => self.file.write_all(bytes).and(Err(broken())),
            Some(how) => {
                let first = self.disk.steps.load(Ordering::Relaxed) == self.disk.at + 1;
                let half = if first { bytes.len() / 2 } else { 0 };
                self.file.write_all(&bytes[..half])?;
                Err(if how == How::Full { full() } else { broken() })
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        let FaultyFile { file, disk } = self;
        disk.act(false, || file.sync())
    }
}

impl Faulty {
    fn wrap(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let disk = Faulty {
            how: self.how,
            at: self.at,
            steps: self.steps.clone(),
        };
        Box::new(FaultyFile { file, disk })
    }
}

impl Disk for Faulty {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealDisk.read(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        RealDisk.open(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.act(true, || RealDisk.create(path))
            .map(|file| self.wrap(file))
    }
    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.act(false, || RealDisk.overwrite(path))
            .map(|file| self.wrap(file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(false, || RealDisk.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.act(false, || RealDisk.remove(path))
    }
    fn remove_if_abandoned(&self, path: &Path) -> io::Result<bool> {
        self.act(false, || RealDisk.remove_if_abandoned(path))
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.act(true, || RealDisk.create_dir(path))
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.act(false, || RealDisk.remove_dir(path))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.act(false, || RealDisk.sync_dir(path))
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(path)
    }
}

/// A day's work on a faulty disk; what was acknowledged, by the text of the drafts.
fn work(vault: &Vault, acknowledged: &mut Vec<String>) -> Option<standing_vault::Digest> {
    let mut erased = None;
    for (round, batch) in [3, 250, 260, 2].into_iter().enumerate() {
        let blob = vault.put_blob(format!("payload {round}").as_bytes()).ok();
        let mut drafts: Vec<_> = (0..batch)
            .map(|i| draft(&format!("{round}/{i}"), &[]))
            .collect();
        if let Some(blob) = &blob {
            drafts.push(draft(&format!("{round}/blob"), &[blob.digest]));
        }
        if vault.append(&drafts).is_ok() {
            acknowledged.extend(drafts.iter().map(|d| d.body["text"].to_string()));
            // A step after the failed one must not have been spoiled by it.
            if let Some(blob) = blob.filter(|_| round == 1)
                && vault
                    .erase(&blob.digest, "dpo", "retention", time(1))
                    .is_ok()
            {
                erased = Some(blob.digest);
            }
        }
    }
    erased
}

fn fail_at(how: How, at: u64) -> bool {
    let fixture = Fixture::fleeting();
    let steps = Arc::new(AtomicU64::new(0));
    let disk = Arc::new(Faulty {
        how,
        at,
        steps: steps.clone(),
    });
    let mut acknowledged = Vec::new();
    let mut erased = None;
    if let Ok(vault) = Vault::open_on(disk, &fixture.dir(), &fixture.keys) {
        erased = work(&vault, &mut acknowledged);
    }
    let reached = steps.load(Ordering::Relaxed) > at;

    let vault = Vault::open(&fixture.dir(), &fixture.keys)
        .unwrap_or_else(|error| panic!("{how:?} at step {at}: does not open: {error}"));
    let found: Vec<String> = vault
        .entries(0..vault.size())
        .expect("range")
        .map(|entry| entry.expect("entry"))
        .filter_map(|entry| entry.body.get("text").map(ToString::to_string))
        .collect();
    let mut rest = found.iter();
    for text in &acknowledged {
        assert!(
            rest.any(|f| f == text),
            "{how:?} at step {at}: {text} was lost or moved"
        );
    }
    if let Some(digest) = erased {
        assert!(
            matches!(vault.blob(&digest), Ok(Blob::Erased { .. })),
            "{how:?} at step {at}"
        );
    }
    let report = fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        None,
        &mut |_, _| {},
    )
    .expect("readable");
    assert!(
        report.faults.is_empty(),
        "{how:?} at step {at}: {:#?}",
        report.faults
    );
    let orphans_only = report
        .notes
        .iter()
        .all(|n| matches!(n, standing_vault::Note::Orphans { .. }));
    // A torn journal is only a note, and the next append mends it.
    assert!(
        orphans_only || report.notes.contains(&standing_vault::Note::Journal),
        "{how:?} at step {at}: {:#?}",
        report.notes
    );

    let before = vault.size();
    vault
        .append(&drafts(300))
        .unwrap_or_else(|e| panic!("{how:?} at step {at}: {e}"));
    assert_eq!(vault.size(), before + 300);
    let report = fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        None,
        &mut |_, _| {},
    )
    .expect("readable");
    assert_eq!(
        report.verdict(),
        Verdict::Sound,
        "{how:?} at step {at}: {:#?}",
        report.faults
    );
    assert!(!report.notes.contains(&standing_vault::Note::Journal));
    assert_eq!(
        std::fs::read_dir(fixture.dir().join("tmp"))
            .expect("tmp")
            .count(),
        0,
        "{how:?} at step {at}"
    );
    reached
}

fn fail_everywhere(how: How) {
    let mut at = 0;
    while fail_at(how, at) {
        at += 1;
    }
    assert!(at > 100, "only {at} steps were failed");
}

#[test]
fn every_step_fails_having_done_nothing() {
    fail_everywhere(How::Before);
}

#[test]
fn every_step_fails_having_done_everything() {
    fail_everywhere(How::After);
}

#[test]
fn the_disk_is_full_at_every_step() {
    fail_everywhere(How::Full);
}

#[test]
fn the_machine_stops_at_every_step() {
    fail_everywhere(How::Stop);
}
