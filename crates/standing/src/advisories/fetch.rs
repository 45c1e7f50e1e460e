//! Getting the files: over HTTP or from a folder, each into a nameless temporary file, so that nothing
//! is left behind by whoever is killed in the middle.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use standing_collectors::download::{Download, Downloaded, Mark, download};
use standing_vault::{Blob, Digest};

use super::{AGAIN, Feed, Kind, hex};
use crate::config::Advisories;
use crate::failure::Failure;
use crate::home::{Home, private_cache};

/// One file of the edition to be.
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it must hold, where that is settled.
    pub kind: Option<Kind>,
    /// Its address or folder.
    pub from: String,
    /// What the server called it.
    pub mark: Mark,
    /// Instant at which we had it, or heard that it is as it was.
    pub checked_at: String,
    /// The file.
    pub file: Got,
}

/// A file, or that it is as it was.
pub enum Got {
    /// Another one than before.
    New {
        /// Its bytes.
        file: File,
        /// How many.
        bytes: u64,
        /// Their SHA-256, hexadecimal.
        sha256: String,
    },
    /// As it was kept.
    Kept(Box<Feed>),
}

/// What writes to a temporary file and knows what it wrote.
struct Spool {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Spool {
    fn new(home: &Home) -> io::Result<Spool> {
        let file = tempfile::tempfile_in(private_cache(&home.folder)?)?;
        Ok(Spool {
            file: BufWriter::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    fn finish(self) -> io::Result<(File, u64, String)> {
        let mut file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, self.bytes, hex(&self.hash.finalize())))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Why a file cannot be had, in words that hold nothing of its address but the host.
pub type Refused = String;

/// Asks for one feed; one that is as `before` had it costs one request.
pub fn over_http(
    home: &Home,
    settings: &Advisories,
    feed: &crate::config::Feed,
    before: Option<&Feed>,
    progress: &dyn Fn(&str, Option<&str>),
) -> Result<Part, Refused> {
    let before = before.filter(|b| b.kind == feed.kind && is_here(home, b));
    let held = before.filter(|b| b.from == feed.url);
    let mark = held.map(mark).filter(|mark| *mark != Mark::default());
    let ca_file = settings.ca_file.as_ref().map(|file| home.folder.join(file));
    let shown = settings
        .ca_file
        .as_ref()
        .map(|file| file.display().to_string());
    let wanted = Download {
        url: &feed.url,
        ca_file: ca_file.as_deref().zip(shown.as_deref()),
        held: mark.as_ref(),
        longest: settings.longest_mebibytes.unsigned_abs() << 20,
        wait: &std::thread::sleep,
    };
    let mut spool = Spool::new(home).map_err(|e| e.to_string())?;
    let came = download(&wanted, &mut spool, &mut |come, all| {
        progress(&feed.name, Some(&so_far(come, all)));
    });
    let checked_at = moment(home)?;
    let part = |mark, file| Part {
        name: feed.name.clone(),
        checked_at,
        kind: Some(feed.kind),
        from: feed.url.clone(),
        mark,
        file,
    };
    let part = match (came.map_err(|e| e.to_string())?, held) {
        (Downloaded::Unchanged, Some(held)) => {
            part(mark.unwrap_or_default(), Got::Kept(Box::new(held.clone())))
        }
        (Downloaded::Unchanged, None) => return Err("nothing came".into()),
        (Downloaded::Whole(mark), _) => part(mark, got(spool, before)?),
    };
    let found = part.file.sha256();
    match &feed.sha256 {
        Some(stated) if stated != found => Err(format!(
            "has SHA-256 {found}, and standing.toml states {stated}"
        )),
        _ => Ok(part),
    }
}

/// Takes one file of a folder.
pub fn from_folder(
    home: &Home,
    name: &str,
    path: &Path,
    from: &str,
    longest: u64,
    before: Option<&Feed>,
) -> Result<Part, Refused> {
    let unreadable = |e: io::Error| format!("cannot be read: {}", e.kind());
    let mut spool = Spool::new(home).map_err(|e| e.to_string())?;
    let mut file = File::open(path).map_err(unreadable)?.take(longest + 1);
    io::copy(&mut file, &mut spool).map_err(unreadable)?;
    if spool.bytes > longest {
        return Err(format!("is longer than {} MiB", longest >> 20));
    }
    Ok(Part {
        name: name.to_owned(),
        kind: None,
        from: from.to_owned(),
        mark: Mark::default(),
        checked_at: moment(home)?,
        file: got(spool, before.filter(|b| is_here(home, b)))?,
    })
}

fn moment(home: &Home) -> Result<String, Refused> {
    home.now().map(|at| at.to_string()).map_err(|e| e.message)
}

fn got(spool: Spool, before: Option<&Feed>) -> Result<Got, Refused> {
    let (file, bytes, sha256) = spool.finish().map_err(|e| e.to_string())?;
    Ok(match before.filter(|b| b.sha256 == sha256) {
        Some(before) => Got::Kept(Box::new(before.clone())),
        None => Got::New {
            file,
            bytes,
            sha256,
        },
    })
}

impl Got {
    fn sha256(&self) -> &str {
        match self {
            Got::New { sha256, .. } => sha256,
            Got::Kept(feed) => &feed.sha256,
        }
    }
}

/// What the server called the file that a feed is.
pub fn mark(feed: &Feed) -> Mark {
    Mark {
        etag: feed.etag.clone(),
        last_modified: feed.last_modified.clone(),
    }
}

fn so_far(come: u64, all: Option<u64>) -> String {
    match all {
        Some(all) => format!("{} of {} MiB", come >> 20, (all >> 20).max(1)),
        None => format!("{} MiB", come >> 20),
    }
}

/// Whether the file of a feed is still in the vault.
pub fn is_here(home: &Home, feed: &Feed) -> bool {
    let digest = Digest::from_reference(&feed.blob);
    digest.is_some_and(|digest| matches!(home.vault.blob(&digest), Ok(Blob::Present(_))))
}

/// The file of a feed as the vault keeps it, laid into a temporary file: an archive is read from its end.
pub fn kept(home: &Home, feed: &Feed) -> Result<File, Failure> {
    let unnamed = || Failure::integrity(format!("{:?} is not the name of a blob", feed.blob));
    let digest = Digest::from_reference(&feed.blob).ok_or_else(unnamed)?;
    let mut reader = match home.vault.blob(&digest)? {
        Blob::Present(reader) => reader,
        Blob::Erased { entry, .. } => {
            let what = format!("a file of the advisories was erased by entry {entry}");
            return Err(Failure::integrity(what).hint(AGAIN));
        }
    };
    let mut spool = Spool::new(home)?;
    io::copy(&mut reader, &mut spool)?;
    Ok(spool.finish()?.0)
}

/// Keeps a new file as a blob, or names an equal one that is kept already.
pub fn keep(home: &Home, mut file: &File, equal: Option<&Feed>) -> Result<String, Failure> {
    if let Some(equal) = equal {
        return Ok(equal.blob.clone());
    }
    file.seek(SeekFrom::Start(0))?;
    let mut writer = home.vault.blob_writer()?;
    io::copy(&mut file, &mut writer)?;
    Ok(writer.finish()?.digest.reference())
}
