//! Blobs: everything an entry names is there and opens, or was erased by an entry.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::log::{Named, in_parallel};
use super::report::{Fault, Note, Report};
use crate::entry::Digest;

/// Plaintext of a full chunk, and what sealing adds to it.
const CHUNK: usize = 65_536;
const TAG: usize = 16;

/// The key blobs were sealed under, and the header that says so.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) key: &'a [u8; 32],
    pub(super) encrypted: bool,
}

/// Below the vault: `blobs/xx/<digest><suffix>`.
fn path_of(digest: &Digest, suffix: &str) -> PathBuf {
    let name = digest.to_string();
    Path::new("blobs").join(&name[..2]).join(name + suffix)
}

/// Checks every blob that `named` speaks of, and looks for others.
pub(super) fn check(
    vault: &Path,
    named: Named,
    opening: Option<Opening>,
    report: &mut Report,
    step: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let Named {
        by,
        erased,
        lacking,
    } = named;
    let groups: Vec<&[(Digest, u64)]> = by.chunk_by(|a, b| a.0 == b.0).collect();
    let group = |i: u64| groups[i as usize];

    let mut results = Vec::new();
    in_parallel(
        groups.len() as u64,
        |i| (i, one(vault, &group(i)[0].0, &erased, lacking, opening)),
        |(i, result)| {
            step(1);
            match result {
                Found::Present => report.blobs.present += 1,
                Found::Unchecked => {
                    report.blobs.present += 1;
                    report.blobs.unchecked += 1;
                }
                Found::Erased => report.blobs.erased += 1,
                bad => results.push((i, bad)),
            }
        },
    );
    results.sort_by_key(|(i, _)| *i);
    for (i, result) in results {
        let digest = group(i)[0].0;
        let entries = || group(i).iter().map(|(_, seq)| *seq).collect();
        match result {
            Found::Missing => report.fault(Fault::BlobMissing {
                digest,
                entries: entries(),
            }),
            Found::Damaged(found) => report.fault(Fault::BlobDamaged {
                digest,
                entries: entries(),
                found,
            }),
            Found::Faulty(fault) => report.fault(fault),
            Found::Present | Found::Unchecked | Found::Erased | Found::Unknown => {}
        }
    }
    // If entries are lacking, nothing can be said of blobs that the rest do not name.
    if !lacking {
        unnamed(vault, &by, &erased, report)?;
    }
    Ok(())
}

enum Found {
    Present,
    Unchecked,
    Erased,
    /// Gone, and the entry that may have erased it cannot be read.
    Unknown,
    Missing,
    Damaged(String),
    Faulty(Fault),
}

fn one(
    vault: &Path,
    digest: &Digest,
    erased: &BTreeMap<Digest, u64>,
    lacking: bool,
    opening: Option<Opening>,
) -> Found {
    let file = match File::open(vault.join(path_of(digest, ""))) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Found::Damaged(error.to_string()),
    };
    match (file, erased.get(digest)) {
        (None, None) if lacking && vault.join(path_of(digest, ".erased")).exists() => {
            Found::Unknown
        }
        (None, None) => Found::Missing,
        (Some(_), Some(&entry)) => Found::Faulty(Fault::ErasureUnfinished {
            digest: *digest,
            entry,
        }),
        (None, Some(&entry)) => {
            let path = path_of(digest, ".erased");
            let expected = format!("{entry}\n");
            match std::fs::read(vault.join(&path)) {
                Ok(bytes) if bytes == expected.as_bytes() => Found::Erased,
                _ => Found::Faulty(Fault::Marker { path, expected }),
            }
        }
        (Some(file), None) => match opening {
            None => Found::Unchecked,
            Some(opening) => match digest_of(file, opening) {
                Ok(found) if found == *digest => Found::Present,
                Ok(found) => Found::Damaged(format!("its content has digest {found}")),
                Err(error) => Found::Damaged(error.to_string()),
            },
        },
    }
}

/// Opens, unpacks and hashes a blob's file, a chunk at a time.
fn digest_of(file: File, opening: Opening) -> io::Result<Digest> {
    let chunks = Chunks::begin(BufReader::with_capacity(CHUNK + TAG, file), opening)?;
    let mut unpacked = zstd::stream::read::Decoder::new(chunks)?;
    unpacked.window_log_max(23)?;
    let mut hasher = Sha256::new();
    hasher.update(b"standing-vault blob v1\n");
    let mut buffer = vec![0; CHUNK];
    loop {
        match unpacked.read(&mut buffer)? {
            0 => return Ok(Digest(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// The plaintext of a sealed file.
struct Chunks {
    file: BufReader<File>,
    cipher: XChaCha20Poly1305,
    header: [u8; 8],
    nonce: [u8; 24],
    number: u32,
    ended: bool,
    open: Vec<u8>,
    given: usize,
}

fn bad(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Chunks {
    fn begin(mut file: BufReader<File>, opening: Opening) -> io::Result<Chunks> {
        let (mut header, mut nonce) = ([0; 8], [0; 24]);
        let cut = |_| bad("its header is cut short".to_owned());
        file.read_exact(&mut header).map_err(cut)?;
        file.read_exact(&mut nonce[..19]).map_err(cut)?;
        let expected = [
            b's',
            b'v',
            b'b',
            b'l',
            b'o',
            b'b',
            1,
            u8::from(opening.encrypted),
        ];
        if header != expected {
            return Err(bad(
                "its header is not that of a blob of this vault".to_owned()
            ));
        }
        Ok(Chunks {
            file,
            cipher: XChaCha20Poly1305::new(opening.key.into()),
            header,
            nonce,
            number: 0,
            ended: false,
            open: Vec::new(),
            given: 0,
        })
    }

    fn next(&mut self) -> io::Result<()> {
        self.open.clear();
        self.given = 0;
        (&mut self.file)
            .take((CHUNK + TAG) as u64)
            .read_to_end(&mut self.open)?;
        self.ended = io::BufRead::fill_buf(&mut self.file)?.is_empty();
        self.nonce[19..23].copy_from_slice(&self.number.to_be_bytes());
        self.nonce[23] = u8::from(self.ended);
        let nonce = XNonce::from(self.nonce);
        self.cipher
            .decrypt_in_place(&nonce, &self.header, &mut self.open)
            .map_err(|_| {
                bad(format!(
                    "chunk {} does not open: it was changed, cut, moved, or sealed under another key",
                    self.number
                ))
            })?;
        self.number = self
            .number
            .checked_add(1)
            .ok_or_else(|| bad("it has more than 2^32 chunks".to_owned()))?;
        Ok(())
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.open.len() && !self.ended {
            self.next()?;
        }
        let count = buffer.len().min(self.open.len() - self.given);
        buffer[..count].copy_from_slice(&self.open[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// Blobs and markers that no entry accounts for.
fn unnamed(
    vault: &Path,
    by: &[(Digest, u64)],
    erased: &BTreeMap<Digest, u64>,
    report: &mut Report,
) -> io::Result<()> {
    let mut orphans: Option<(Digest, u64)> = None;
    let mut dirs: Vec<_> = std::fs::read_dir(vault.join("blobs"))?.collect::<Result<_, _>>()?;
    dirs.sort_by_key(std::fs::DirEntry::file_name);
    for dir in dirs {
        if !dir.file_type()?.is_dir() {
            let path = Path::new("blobs").join(dir.file_name());
            report.notes.push(Note::Stray { path });
            continue;
        }
        let mut files: Vec<_> = std::fs::read_dir(dir.path())?.collect::<Result<_, _>>()?;
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let path = Path::new("blobs")
                .join(dir.file_name())
                .join(file.file_name());
            let name = file.file_name().to_string_lossy().into_owned();
            let (stem, marker) = match name.strip_suffix(".erased") {
                Some(stem) => (stem, true),
                None => (name.as_str(), false),
            };
            let digest = stem
                .parse::<Digest>()
                .ok()
                .filter(|d| path_of(d, if marker { ".erased" } else { "" }) == path);
            match digest {
                Some(digest) if marker && !erased.contains_key(&digest) => {
                    report.fault(Fault::Marker {
                        path,
                        expected: "no marker, as no entry erased the blob".to_owned(),
                    });
                }
                Some(digest) if !marker && !is_named(by, &digest) => {
                    orphans = Some(orphans.map_or((digest, 1), |(first, n)| (first, n + 1)));
                }
                Some(_) => {}
                None => report.notes.push(Note::Stray { path }),
            }
        }
    }
    report
        .notes
        .extend(orphans.map(|(digest, count)| Note::Orphans { digest, count }));
    Ok(())
}

fn is_named(by: &[(Digest, u64)], digest: &Digest) -> bool {
    let at = by.partition_point(|(named, _)| named < digest);
    by.get(at).is_some_and(|(named, _)| named == digest)
}
