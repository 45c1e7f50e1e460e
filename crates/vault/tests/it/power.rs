//! The power goes at every step: what was not synced is gone, and nothing acknowledged is.
//!
//! The disk here remembers what a power cut would leave in the worst case: of a file
//! its bytes as last synced, of a directory its names as last synced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use standing_vault::disk::{Disk, DiskFile, RealDisk};
use standing_vault::{Blob, Digest, Note, Vault, Verdict, fsck};

use crate::common::{Fixture, draft, drafts, time};

/// A file or directory, whatever its name.
type Inode = u64;

#[derive(Debug, Default)]
struct Durable {
    steps: u64,
    next: Inode,
    /// Names as the running system sees them, and as a power cut would leave them.
    live: BTreeMap<PathBuf, Inode>,
    names: BTreeMap<PathBuf, Inode>,
    /// Contents of files as last synced; directories are not in it.
    contents: BTreeMap<Inode, Vec<u8>>,
    directories: BTreeSet<Inode>,
}

impl Durable {
    fn name(&mut self, path: &Path, directory: bool) -> Inode {
        self.next += 1;
        self.live.insert(path.to_path_buf(), self.next);
        if directory {
            self.directories.insert(self.next);
        }
        self.next
    }

    /// What is there at the beginning is durable.
    fn adopt(&mut self, dir: &Path) {
        for path in RealDisk.list(dir).expect("list") {
            let inode = self.name(&path, path.is_dir());
            if path.is_dir() {
                self.adopt(&path);
            } else {
                self.contents
                    .insert(inode, fs::read(&path).expect("readable"));
            }
        }
        self.names = self.live.clone();
    }

    fn sync_dir(&mut self, dir: &Path) {
        let inside = |path: &PathBuf| path.parent() == Some(dir);
        self.names.retain(|path, _| !inside(path));
        let live = self.live.iter().filter(|(path, _)| inside(path));
        self.names
            .extend(live.map(|(path, inode)| (path.clone(), *inode)));
    }

    /// Makes below `to` what is durable below `from`.
    fn restore(&self, from: &Path, to: &Path) {
        fs::create_dir(to).expect("directory");
        // Parents sort before what is in them; what hangs in a lost directory is lost.
        for (path, inode) in &self.names {
            let target = to.join(path.strip_prefix(from).expect("below the vault"));
            if !target.parent().expect("a parent").is_dir() {
                continue;
            }
            if self.directories.contains(inode) {
                fs::create_dir(&target).expect("directory");
            } else {
                fs::write(&target, self.contents.get(inode).map_or(&[][..], |c| c)).expect("write");
            }
        }
    }
}

#[derive(Debug)]
struct Power {
    /// The step at which the power goes.
    cut: u64,
    durable: Arc<Mutex<Durable>>,
}

impl Power {
    /// Does what changes the disk, unless the power is gone.
    fn act<T>(&self, act: impl FnOnce(&mut Durable) -> io::Result<T>) -> io::Result<T> {
        let mut durable = self.durable.lock().expect("not poisoned");
        durable.steps += 1;
        if durable.steps > self.cut {
            return Err(io::Error::other("no power"));
        }
        act(&mut durable)
    }
}

struct PowerFile {
    file: Box<dyn DiskFile>,
    bytes: Vec<u8>,
    inode: Inode,
    disk: Power,
}

impl Write for PowerFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let PowerFile { file, disk, .. } = self;
        disk.act(|_| file.write_all(bytes))?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for PowerFile {
    fn sync(&mut self) -> io::Result<()> {
        let PowerFile {
            bytes, inode, disk, ..
        } = self;
        disk.act(|durable| {
            durable.contents.insert(*inode, bytes.clone());
            Ok(())
        })
    }
}

impl Power {
    fn wrap(&self, file: Box<dyn DiskFile>, inode: Inode) -> Box<dyn DiskFile> {
        let disk = Power {
            cut: self.cut,
            durable: self.durable.clone(),
        };
        Box::new(PowerFile {
            file,
            bytes: Vec::new(),
            inode,
            disk,
        })
    }
}

impl Disk for Power {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealDisk.read(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        RealDisk.open(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let (file, inode) =
            self.act(|durable| Ok((RealDisk.create(path)?, durable.name(path, false))))?;
        Ok(self.wrap(file, inode))
    }
    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let (file, inode) =
            self.act(|durable| Ok((RealDisk.overwrite(path)?, durable.live[path])))?;
        Ok(self.wrap(file, inode))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(|durable| {
            RealDisk.rename(from, to)?;
            let inode = durable.live.remove(from).expect("it had a name");
            durable.live.insert(to.to_path_buf(), inode);
            Ok(())
        })
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.act(|durable| {
            RealDisk.remove(path)?;
            durable.live.remove(path);
            Ok(())
        })
    }
    fn remove_if_abandoned(&self, path: &Path) -> io::Result<bool> {
        self.remove(path).map(|()| true)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.act(|durable| {
            RealDisk.create_dir(path)?;
            durable.name(path, true);
            Ok(())
        })
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.act(|durable| {
            RealDisk.remove_dir(path)?;
            durable.live.remove(path);
            Ok(())
        })
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.act(|durable| {
            durable.sync_dir(path);
            Ok(())
        })
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(path)
    }
}

/// What was acknowledged before the power went.
#[derive(Default)]
struct Acknowledged {
    texts: Vec<String>,
    blobs: Vec<Digest>,
    erased: Vec<Digest>,
}

fn work(vault: &Vault) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for (round, batch) in [2, 251, 3, 258].into_iter().enumerate() {
        let Ok(blob) = vault.put_blob(format!("payload {round}").as_bytes()) else {
            return acknowledged;
        };
        let blob = blob.digest;
        let mut drafts: Vec<_> = (0..batch)
            .map(|i| draft(&format!("{round}/{i}"), &[]))
            .collect();
        drafts.push(draft(&format!("{round}/blob"), &[blob]));
        if vault.append(&drafts).is_err() {
            return acknowledged;
        }
        acknowledged
            .texts
            .extend(drafts.iter().map(|d| d.body["text"].to_string()));
        if round % 2 == 1 && vault.erase(&blob, "dpo", "retention", time(1)).is_ok() {
            acknowledged.erased.push(blob);
        } else {
            acknowledged.blobs.push(blob);
        }
    }
    acknowledged
}

fn cut_at(cut: u64) -> bool {
    let mut fixture = Fixture::fleeting();
    let durable = Arc::new(Mutex::new(Durable::default()));
    durable.lock().expect("not poisoned").adopt(&fixture.dir());
    let disk = Power {
        cut,
        durable: durable.clone(),
    };
    let acknowledged = match Vault::open_on(Arc::new(disk), &fixture.dir(), &fixture.keys) {
        Ok(vault) => work(&vault),
        Err(_) => Acknowledged::default(),
    };
    let durable = durable.lock().expect("not poisoned");
    durable.restore(&fixture.dir(), &fixture.folder.path().join("after"));
    fixture.name = "after";

    let vault = Vault::open(&fixture.dir(), &fixture.keys)
        .unwrap_or_else(|e| panic!("cut at {cut}: does not open: {e}"));
    let entries = vault
        .entries(0..vault.size())
        .expect("range")
        .map(|e| e.expect("entry"));
    let texts: BTreeSet<String> = entries
        .filter_map(|e| e.body.get("text").map(ToString::to_string))
        .collect();
    for text in &acknowledged.texts {
        assert!(texts.contains(text), "cut at {cut}: {text} was lost");
    }
    for blob in &acknowledged.blobs {
        // The last one's erasure may have been under way.
        assert!(vault.blob(blob).is_ok(), "cut at {cut}: {blob} was lost");
    }
    for blob in &acknowledged.erased {
        assert!(
            matches!(vault.blob(blob), Ok(Blob::Erased { .. })),
            "cut at {cut}: {blob} came back"
        );
    }
    let check = || {
        fsck(
            &fixture.dir(),
            Some(fixture.keys.blob_key()),
            None,
            &mut |_, _| {},
        )
        .expect("readable")
    };
    let report = check();
    assert!(
        report.faults.is_empty(),
        "cut at {cut}: {:#?}",
        report.faults
    );
    let harmless = |note: &Note| matches!(note, Note::Orphans { .. } | Note::Journal);
    assert!(
        report.notes.iter().all(harmless),
        "cut at {cut}: {:#?}",
        report.notes
    );
    vault.append(&drafts(300)).expect("append");
    assert_eq!(check().verdict(), Verdict::Sound, "cut at {cut}");
    durable.steps > cut
}

#[test]
fn the_power_goes_at_every_step() {
    let mut cut = 0;
    while cut_at(cut) {
        cut += 1;
    }
    assert!(cut > 100, "only {cut} steps");
}
