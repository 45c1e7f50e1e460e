//! Erasing a payload, and saying afterwards what became of it.

use std::path::Path;

use serde_json::{Map, Value};

use super::{AppendError, Blob, BlobError, EraseError, Vault};
use crate::blobs::{blob_path, marker_path};
use crate::disk::{DiskError, read_if_present, remove_if_present, write_synced};
use crate::entry::{Digest, Draft, ERASE, Entry};
use crate::time::Time;

impl Vault {
    /// What the entry that erased a blob says.
    pub(super) fn erased(&self, digest: &Digest) -> Result<Blob, BlobError> {
        let marker = read_if_present(&*self.disk, &marker_path(&self.dir, digest))?
            .ok_or(BlobError::Missing { digest: *digest })?;
        let untrusted = || BlobError::Marker { digest: *digest };
        let number: u64 = std::str::from_utf8(&marker)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .ok_or_else(untrusted)?;
        let entry = self
            .entries(number..number.saturating_add(1))?
            .next()
            .ok_or_else(untrusted)??;
        let reference = digest.reference();
        match (entry.body.get("blob"), entry.body.get("reason")) {
            (Some(Value::String(blob)), Some(Value::String(reason)))
                if entry.kind == ERASE && *blob == reference =>
            {
                Ok(Blob::Erased {
                    entry: number,
                    reason: reason.clone(),
                    actor: entry.actor,
                    time: entry.time,
                })
            }
            _ => Err(untrusted()),
        }
    }

    /// Erases a payload for good: first an entry that says so, then the file.
    ///
    /// A crash between the two is finished when the vault is next opened for writing.
    /// Every proof stays what it was. Copies and backups are not reached.
    pub fn erase(
        &self,
        digest: &Digest,
        actor: &str,
        reason: &str,
        time: Time,
    ) -> Result<Entry, EraseError> {
        let digest = *digest;
        let writer = self.writer.as_ref().ok_or(AppendError::ReadOnly)?;
        let mut head = self.lock_head();
        let _lock = writer.lock(&self.dir).map_err(AppendError::Disk)?;
        self.catch_up(&mut head).map_err(AppendError::Log)?;
        let there = |path: &Path| self.is_there(path).map_err(AppendError::Disk);
        if there(&marker_path(&self.dir, &digest))? {
            return Err(EraseError::Already { digest });
        }
        if !there(&blob_path(&self.dir, &digest))? {
            return Err(EraseError::Missing { digest });
        }
        let body = [("blob", digest.reference()), ("reason", reason.to_owned())];
        let draft = Draft {
            actor: actor.to_owned(),
            kind: ERASE.to_owned(),
            body: Map::from_iter(body.map(|(k, v)| (k.to_owned(), Value::String(v)))),
            time,
        };
        let mut entries = self.commit(writer, &mut head, &[draft], Some(digest))?;
        let entry = entries.pop().expect("one draft makes one entry");
        self.finish_erasure(&digest, entry.seq)
            .map_err(|source| EraseError::Unfinished { digest, source })?;
        self.settle(&mut head);
        Ok(entry)
    }

    /// The second half of erasing. Doing it twice is harmless.
    pub(super) fn finish_erasure(&self, digest: &Digest, entry: u64) -> Result<(), DiskError> {
        let disk = &*self.disk;
        let marker = marker_path(&self.dir, digest);
        let dir = marker.parent().expect("a marker lies in a directory");
        if !self.is_there(&marker)? {
            let temporary = self.dir.join("tmp/marker");
            write_synced(disk, &temporary, format!("{entry}\n").as_bytes())?;
            disk.rename(&temporary, &marker)
                .map_err(DiskError::at("create", &marker))?;
            disk.sync_dir(dir).map_err(DiskError::at("sync", dir))?;
        }
        remove_if_present(disk, &blob_path(&self.dir, digest))?;
        disk.sync_dir(dir).map_err(DiskError::at("sync", dir))
    }
}
