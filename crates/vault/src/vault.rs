//! The vault: opening, appending, reading. Making one and erasing are in modules of their own.

mod copy;
mod erase;
mod errors;
mod init;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ed25519_dalek::SigningKey;

pub use self::copy::CopyError;
pub use self::errors::{AppendError, BlobError, EraseError, InitError, OpenError, SignError};
use crate::blobs::{BlobReader, BlobRef, BlobWriter, Encryption, Seal, blob_path, marker_path};
use crate::disk::{
    Disk, DiskError, RealDisk, read_if_present, remove_if_present, sync_dirs, write_synced,
};
use crate::entry::{Digest, Draft, ERASE, Entry, blobs_in};
use crate::journal::Journal;
use crate::keys::{BlobKey, Keys};
use crate::merkle::Hash;
use crate::note::{Checkpoint, NoteError, PublicKey, Statement};
use crate::settings::Settings;
use crate::tiles::{
    Edge, Entries, ReadError, Tiles, files_between, partials_of, read_edge, superseded_between,
};
use crate::time::Time;

/// Files held open while appending; far below any limit on open files.
const FILES_AT_ONCE: usize = 64;

/// Choices made once, when a vault is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether blobs are hidden from who has no key; on unless said otherwise.
    pub encryption: Encryption,
}

/// A payload, or what became of it.
#[derive(Debug)]
pub enum Blob {
    /// It is there; see [`BlobReader`] on when to trust it.
    Present(Box<BlobReader>),
    /// It was erased.
    Erased {
        /// The entry that says so.
        entry: u64,
        /// Who erased it.
        actor: String,
        /// Why.
        reason: String,
        /// When.
        time: Time,
    },
}

/// The head of the log as last read or written.
#[derive(Clone)]
struct Head {
    edge: Arc<Edge>,
    /// Bytes of the open entry bundle, empty if the last one is full.
    bundle: Arc<Vec<u8>>,
    checkpoint: Vec<u8>,
    /// The journal that was settled, `None` before anything was.
    journal: Option<Vec<u8>>,
}

/// An open vault. May be shared between threads, and the folder between processes.
#[derive(Debug)]
pub struct Vault {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    settings: Settings,
    /// `None` when opened for reading only.
    writer: Option<Writer>,
    seal: Option<Seal>,
    head: Mutex<Head>,
    /// The tree that proofs were last made from; kept for the tiles it has verified.
    proving: Mutex<Option<Tiles>>,
}

impl Head {
    /// Nothing known yet; catching up reads it.
    fn unread() -> Head {
        Head {
            edge: Arc::new(Edge::empty()),
            bundle: Arc::default(),
            checkpoint: Vec::new(),
            journal: None,
        }
    }
}

/// What writing takes, beyond reading.
struct Writer {
    signing: SigningKey,
    /// Open only to be locked.
    journal: File,
}

impl Writer {
    /// Keeps other processes from the log until dropped.
    fn lock(&self, vault: &Path) -> Result<LogLock<'_>, DiskError> {
        self.journal
            .lock()
            .map_err(DiskError::at("lock", &vault.join("journal")))?;
        Ok(LogLock(&self.journal))
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer(secret)")
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Head({} entries)", self.edge.size)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(secret)")
    }
}

impl Vault {
    /// Makes an empty vault in `dir`, which must not exist or be an empty directory, and opens it.
    ///
    /// The folder appears whole or not at all.
    pub fn init(
        dir: &Path,
        origin: &str,
        keys: &Keys,
        options: Options,
    ) -> Result<Vault, InitError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        init::init(&*disk, dir, origin, keys, options)?;
        Ok(Vault::open_on(disk, dir, keys)?)
    }

    /// Opens an existing vault for reading and writing.
    ///
    /// Checks the checkpoint's signature and that the right edge of the tree gives its
    /// root; finishes or clears away what an interrupted writer left. The cost does not
    /// grow with the log, so the rest of it is checked when read, and by fsck.
    pub fn open(dir: &Path, keys: &Keys) -> Result<Vault, OpenError> {
        Vault::open_on(Arc::new(RealDisk), dir, keys)
    }

    /// As [`Vault::open`], on another file system.
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path, keys: &Keys) -> Result<Vault, OpenError> {
        let settings = read_settings(&*disk, dir)?;
        let found = keys.public(settings.public.name())?;
        if found != settings.public {
            return Err(OpenError::OtherKey {
                found: found.to_string(),
                expected: settings.public.to_string(),
            });
        }
        let journal = dir.join("journal");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&journal)
            .map_err(DiskError::at("open", &journal))?;
        let vault = Vault {
            dir: dir.to_path_buf(),
            seal: Seal::new(settings.encryption, Some(&keys.blobs)),
            settings,
            disk,
            writer: Some(Writer {
                signing: keys.signing.clone(),
                journal: lock,
            }),
            head: Mutex::new(Head::unread()),
            proving: Mutex::default(),
        };
        if let Some(writer) = &vault.writer {
            let mut head = vault.lock_head();
            let _lock = writer.lock(dir)?;
            vault.catch_up(&mut head)?;
            vault.clear_abandoned()?;
        }
        Ok(vault)
    }

    /// Opens an existing vault for reading. Changes nothing in the folder.
    ///
    /// Without the blob key, everything but the contents of sealed blobs can be read.
    pub fn open_read_only(dir: &Path, key: Option<&BlobKey>) -> Result<Vault, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let settings = read_settings(&*disk, dir)?;
        let head = read_head(&*disk, dir, &settings.public)?;
        Ok(Vault {
            dir: dir.to_path_buf(),
            seal: Seal::new(settings.encryption, key),
            settings,
            disk,
            writer: None,
            head: Mutex::new(head),
            proving: Mutex::default(),
        })
    }

    /// The log's name and public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.settings.public
    }

    /// Whether blobs are sealed under a secret key.
    pub fn encryption(&self) -> Encryption {
        self.settings.encryption
    }

    /// The vault's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many entries, as of the last append or [`Vault::refresh`] through this value.
    pub fn size(&self) -> u64 {
        self.lock_head().edge.size
    }

    /// Root of the Merkle tree over all entries.
    pub fn root(&self) -> Hash {
        self.lock_head().edge.root()
    }

    /// The signed note over size and root: to publish, to hand out, to keep.
    pub fn checkpoint(&self) -> String {
        // read_head only accepts UTF-8, and what we sign is UTF-8.
        String::from_utf8_lossy(&self.lock_head().checkpoint).into_owned()
    }

    /// Signs a statement with the log's key, as a note that others check with the public key alone.
    /// Nothing is appended.
    ///
    /// # Errors
    /// When the vault was opened for reading only, or the statement is not one of plain lines.
    pub fn sign(&self, statement: &Statement) -> Result<String, SignError> {
        let writer = self.writer.as_ref().ok_or(SignError::ReadOnly)?;
        Ok(statement.sign(&writer.signing, &self.settings.public)?)
    }

    /// Takes notice of what other processes have appended; returns the size.
    pub fn refresh(&self) -> Result<u64, OpenError> {
        let mut head = self.lock_head();
        let path = self.dir.join("log/checkpoint");
        let bytes = self
            .disk
            .read(&path)
            .map_err(DiskError::at("read", &path))?;
        if bytes != head.checkpoint {
            let journal = head.journal.take();
            *head = read_head(&*self.disk, &self.dir, &self.settings.public)?;
            head.journal = journal;
        }
        Ok(head.edge.size)
    }

    /// Appends entries, all or none, and returns them with their numbers.
    ///
    /// When it returns, they survive a power cut. Every blob that a draft names must
    /// exist or have been erased; its name becomes durable before the entry does. No
    /// drafts, no work. On an error from the very last step the entries may be in the
    /// log although the call failed: look before trying again.
    pub fn append(&self, drafts: &[Draft]) -> Result<Vec<Entry>, AppendError> {
        if let Some(draft) = drafts.iter().position(|draft| draft.kind == ERASE) {
            return Err(AppendError::Reserved { draft });
        }
        let writer = self.writer.as_ref().ok_or(AppendError::ReadOnly)?;
        let mut head = self.lock_head();
        let _lock = writer.lock(&self.dir)?;
        self.catch_up(&mut head)?;
        self.commit(writer, &mut head, drafts, None)
    }

    /// Puts `drafts` at the end of the log. The caller holds both locks and has caught up.
    ///
    /// The order of the steps is what makes a kill at any instruction harmless.
    fn commit(
        &self,
        writer: &Writer,
        head: &mut Head,
        drafts: &[Draft],
        erases: Option<Digest>,
    ) -> Result<Vec<Entry>, AppendError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let disk = &*self.disk;
        let (entries, lines) = number(drafts, head.edge.size)?;

        // Payloads come before the entries that name them: their bytes were synced when
        // they were finished, their names are now.
        let mut named_in = BTreeSet::new();
        for (draft, content) in drafts.iter().enumerate() {
            for digest in blobs_in(&content.body) {
                let path = blob_path(&self.dir, &digest);
                if self.is_there(&path)? {
                    named_in.extend(path.parent().map(Path::to_path_buf));
                } else if !self.is_there(&marker_path(&self.dir, &digest))? {
                    return Err(AppendError::UnknownBlob { draft, digest });
                }
            }
        }
        if !named_in.is_empty() {
            named_in.insert(self.dir.join("blobs"));
            sync_dirs(disk, &named_in)?;
        }

        // Say what is about to happen. From here to the commit point, whoever finds this
        // journal with the old checkpoint removes exactly the files written below.
        let growth = head.edge.grow(&head.bundle, &lines);
        let checkpoint = Checkpoint {
            origin: self.settings.public.name().to_owned(),
            size: growth.edge.size,
            root: growth.edge.root(),
        };
        let journal = Journal {
            from: (head.edge.size, head.edge.root()),
            to: (checkpoint.size, checkpoint.root),
            erases,
            settled: false,
        };
        let path = self.dir.join("journal");
        let mut file = disk
            .overwrite(&path)
            .map_err(DiskError::at("open", &path))?;
        file.write_all(&journal.to_bytes())
            .map_err(DiskError::at("write", &path))?;
        file.sync().map_err(DiskError::at("sync", &path))?;

        // New files only: nothing that the old checkpoint covers is touched.
        let log = self.dir.join("log");
        let mut dirs = BTreeSet::new();
        for files in growth.files.chunks(FILES_AT_ONCE) {
            // All are written before any is synced, so that the first sync does most of the work.
            let mut written = Vec::with_capacity(files.len());
            for (path, bytes) in files {
                self.make_dirs(&log, path, &mut dirs)?;
                let path = log.join(path);
                let mut file = disk.create(&path).map_err(DiskError::at("create", &path))?;
                file.write_all(bytes)
                    .map_err(DiskError::at("write", &path))?;
                written.push((path, file));
            }
            for (path, mut file) in written {
                file.sync().map_err(DiskError::at("sync", &path))?;
            }
        }
        sync_dirs(disk, &dirs)?;

        let note = checkpoint
            .sign(&writer.signing, &self.settings.public)
            .into_bytes();
        let temporary = self.dir.join("tmp/checkpoint");
        write_synced(disk, &temporary, &note)?;

        // ---- commit point: before this rename the entries do not exist, after it they do.
        disk.rename(&temporary, &log.join("checkpoint"))
            .map_err(DiskError::at("publish", &log.join("checkpoint")))?;
        disk.sync_dir(&log).map_err(DiskError::at("sync", &log))?;
        // ---- acknowledged: from here on nothing may fail the append.

        let from = head.edge.size;
        *head = Head {
            edge: Arc::new(growth.edge),
            bundle: Arc::new(growth.bundle),
            checkpoint: note,
            journal: Some(journal.to_bytes()),
        };
        // Whoever takes the lock next does what could not be done now. An erasure is
        // settled only when its blob is gone.
        if self.remove_superseded(from, head.edge.size).is_ok() && erases.is_none() {
            self.settle(head);
        } else {
            head.journal = None;
        }
        Ok(entries)
    }

    /// Makes the directories that lead to `path` below `log`; notes which must be synced.
    fn make_dirs(
        &self,
        log: &Path,
        path: &Path,
        dirs: &mut BTreeSet<PathBuf>,
    ) -> Result<(), DiskError> {
        let parent = log.join(path.parent().expect("a tile lies in a directory"));
        if dirs.contains(&parent) {
            return Ok(());
        }
        let mut missing = Vec::new();
        let mut at = parent.as_path();
        while !self.is_there(at)? {
            missing.push(at.to_path_buf());
            at = at.parent().expect("the vault itself exists");
        }
        while let Some(dir) = missing.pop() {
            self.disk
                .create_dir(&dir)
                .map_err(DiskError::at("create", &dir))?;
            dirs.extend(dir.parent().map(Path::to_path_buf));
        }
        dirs.insert(parent);
        Ok(())
    }

    /// Notes in the journal that nothing is left to be done. If that fails, or does not
    /// survive a power cut, whoever takes the lock next does again what is harmless to repeat.
    fn settle(&self, head: &mut Head) {
        let path = self.dir.join("journal");
        let known = read_if_present(&*self.disk, &path).ok().flatten();
        head.journal = None;
        if let Some(mut journal) = known.and_then(|bytes| Journal::parse(&bytes)) {
            journal.settled = true;
            let bytes = journal.to_bytes();
            let written = self
                .disk
                .overwrite(&path)
                .and_then(|mut file| file.write_all(&bytes));
            head.journal = written.is_ok().then_some(bytes);
        }
    }

    /// Makes `head` what is on disk, having settled what the last writer left.
    fn catch_up(&self, head: &mut Head) -> Result<(), OpenError> {
        let disk = &*self.disk;
        let path = self.dir.join("journal");
        let journal = read_if_present(disk, &path)?.unwrap_or_default();
        let path = self.dir.join("log/checkpoint");
        let checkpoint = disk.read(&path).map_err(DiskError::at("read", &path))?;
        if head.journal.as_ref() == Some(&journal) && head.checkpoint == checkpoint {
            return Ok(());
        }
        *head = read_head(disk, &self.dir, &self.settings.public)?;
        if let Some(journal) = Journal::parse(&journal) {
            let here = (head.edge.size, head.edge.root());
            if here == journal.to && journal.settled {
                // Nothing was left to be done.
            } else if here == journal.to {
                self.remove_superseded(journal.from.0, journal.to.0)?;
                if let Some(digest) = journal.erases {
                    self.finish_erasure(&digest, journal.to.0 - 1)?;
                }
            } else if here == journal.from && !journal.settled && self.ends_whole(here.0)? {
                self.remove_uncommitted(journal.from.0, journal.to.0)?;
            } else {
                return Err(OpenError::RolledBack {
                    checkpoint: here.0,
                    from: journal.from.0,
                    to: journal.to.0,
                });
            }
        }
        head.journal = Some(journal);
        Ok(())
    }

    /// Removes partial tiles whose full tile exists, which [tlog-tiles] allows.
    ///
    /// [tlog-tiles]: https://c2sp.org/tlog-tiles
    fn remove_superseded(&self, old: u64, new: u64) -> Result<(), DiskError> {
        for dir in superseded_between(old, new) {
            let dir = self.dir.join("log").join(dir);
            if !self.is_there(&dir)? {
                continue;
            }
            let files = self.disk.list(&dir).map_err(DiskError::at("list", &dir))?;
            for path in files {
                remove_if_present(&*self.disk, &path)?;
            }
            self.disk
                .remove_dir(&dir)
                .map_err(DiskError::at("remove", &dir))?;
        }
        Ok(())
    }

    /// Whether the partial tiles that a log of `size` entries ends with are there. They are
    /// removed only after a commit, so if they are not, no interrupted append explains it,
    /// and the full tiles in their place are all that is left of acknowledged entries.
    fn ends_whole(&self, size: u64) -> Result<bool, DiskError> {
        for path in partials_of(size) {
            if !self.is_there(&self.dir.join("log").join(path))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes what an interrupted append wrote beyond the checkpoint.
    fn remove_uncommitted(&self, old: u64, new: u64) -> Result<(), DiskError> {
        let mut dirs = BTreeSet::new();
        for path in files_between(old, new) {
            let path = self.dir.join("log").join(path);
            if self.is_there(&path)? {
                remove_if_present(&*self.disk, &path)?;
                dirs.extend(path.parent().map(Path::to_path_buf));
            }
        }
        sync_dirs(&*self.disk, &dirs)
    }

    /// Removes unfinished blobs whose writers are gone.
    fn clear_abandoned(&self) -> Result<(), DiskError> {
        let dir = self.dir.join("tmp");
        let files = self.disk.list(&dir).map_err(DiskError::at("list", &dir))?;
        for path in files {
            match self.disk.remove_if_abandoned(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(DiskError::at("clear away", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Begins a blob. See [`BlobWriter`].
    pub fn blob_writer(&self) -> Result<BlobWriter, BlobError> {
        let seal = self.seal.as_ref().ok_or(BlobError::NoKey)?;
        Ok(BlobWriter::create(self.disk.clone(), &self.dir, seal)?)
    }

    /// Stores a blob that is in memory already.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<BlobRef, BlobError> {
        let mut writer = self.blob_writer()?;
        writer
            .write_all(bytes)
            .map_err(DiskError::at("write a blob below", &self.dir))?;
        Ok(writer.finish()?)
    }

    /// Opens a payload, or says who erased it, when and why.
    pub fn blob(&self, digest: &Digest) -> Result<Blob, BlobError> {
        let path = blob_path(&self.dir, digest);
        match self.disk.open(&path) {
            Ok(file) => {
                let seal = self.seal.as_ref().ok_or(BlobError::NoKey)?;
                let reader = BlobReader::begin(file, *digest, seal);
                reader
                    .map(|reader| Blob::Present(Box::new(reader)))
                    .map_err(|source| BlobError::Damaged {
                        digest: *digest,
                        source,
                    })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.erased(digest),
            Err(error) => Err(DiskError::at("read", &path)(error).into()),
        }
    }

    /// Entries in order, read as they are asked for, each checked against [`Vault::root`].
    pub fn entries(&self, range: Range<u64>) -> Result<Entries, ReadError> {
        Entries::new(self.tiles(), range)
    }

    /// Path from entry `seq` to the root of the first `size` entries; see [`crate::verify_inclusion`].
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.prove(|tiles| tiles.inclusion(seq, size))
    }

    /// That the first `old` entries are a prefix of the first `new`; see [`crate::verify_consistency`].
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        self.prove(|tiles| tiles.consistency(old, new))
    }

    /// Root of the tree when it had `size` entries.
    pub fn root_at(&self, size: u64) -> Result<Hash, ReadError> {
        self.prove(|tiles| tiles.root_at(size))
    }

    fn tiles(&self) -> Tiles {
        let edge = self.lock_head().edge.clone();
        Tiles::new(self.disk.clone(), self.dir.join("log"), edge)
    }

    fn prove<T>(
        &self,
        make: impl FnOnce(&mut Tiles) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let fresh = self.tiles();
        let mut proving = self.proving.lock().unwrap_or_else(PoisonError::into_inner);
        let tiles = proving.get_or_insert_with(|| self.tiles());
        if !tiles.is_of_same_tree_as(&fresh) {
            *tiles = fresh;
        }
        make(tiles)
    }

    fn is_there(&self, path: &Path) -> Result<bool, DiskError> {
        self.disk
            .exists(path)
            .map_err(DiskError::at("look for", path))
    }

    /// Keeps other threads from the head. A panic elsewhere leaves it whole: it is replaced in one go.
    fn lock_head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct LogLock<'a>(&'a File);

impl Drop for LogLock<'_> {
    fn drop(&mut self) {
        // Nothing to be done if it fails; closing the file unlocks too.
        let _ = self.0.unlock();
    }
}

/// Gives drafts their numbers and canonical bytes.
fn number(drafts: &[Draft], first: u64) -> Result<(Vec<Entry>, Vec<Vec<u8>>), AppendError> {
    let mut entries = Vec::with_capacity(drafts.len());
    let mut lines = Vec::with_capacity(drafts.len());
    for (draft, content) in drafts.iter().enumerate() {
        let entry = Entry {
            seq: first + draft as u64,
            time: content.time,
            actor: content.actor.clone(),
            kind: content.kind.clone(),
            body: content.body.clone(),
        };
        let line = entry
            .canonical()
            .map_err(|source| AppendError::Entry { draft, source })?;
        lines.push(line);
        entries.push(entry);
    }
    Ok((entries, lines))
}

fn read_settings(disk: &dyn Disk, dir: &Path) -> Result<Settings, OpenError> {
    Settings::read(disk, dir).map_err(|source| OpenError::Settings {
        path: dir.to_path_buf(),
        source,
    })
}

/// Reads and verifies the head of the log.
fn read_head(disk: &dyn Disk, dir: &Path, public: &PublicKey) -> Result<Head, OpenError> {
    let log = dir.join("log");
    let path = log.join("checkpoint");
    let note = disk.read(&path).map_err(DiskError::at("read", &path))?;
    let text = std::str::from_utf8(&note).map_err(|_| NoteError::Form { expected: "UTF-8" })?;
    let checkpoint = Checkpoint::verify(text, public)?;
    let (edge, bundle) = read_edge(disk, &log, checkpoint.size)?;
    let found = edge.root();
    if found != checkpoint.root {
        return Err(OpenError::Root {
            size: checkpoint.size,
            found,
            expected: checkpoint.root,
        });
    }
    Ok(Head {
        edge: Arc::new(edge),
        bundle: Arc::new(bundle),
        checkpoint: note,
        journal: None,
    })
}
