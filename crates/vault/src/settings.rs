//! `vault.toml`: what everybody may know about a vault.

use std::path::Path;

use serde::Deserialize;

use crate::blobs::Encryption;
use crate::disk::{Disk, DiskError};
use crate::note::{NoteError, PublicKey};

/// The only format there is so far.
const FORMAT: u64 = 1;
const FILE: &str = "vault.toml";

/// A validated `vault.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) public: PublicKey,
    pub(crate) encryption: Encryption,
}

/// Why a folder's `vault.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The folder is not a vault, or the file cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Not TOML with the fields expected.
    #[error("cannot read vault.toml: {0}")]
    Form(String),
    /// Made by a later version.
    #[error("cannot read vault.toml: found format {found}, expected {FORMAT}")]
    Format {
        /// The format it names.
        found: u64,
    },
    /// Its public key is not one, or not of the log it names.
    #[error("cannot read vault.toml: {0}")]
    PublicKey(#[from] NoteError),
    /// The origin is not the name of the public key.
    #[error("cannot read vault.toml: found a public key of {key:?}, expected one of {origin:?}")]
    Origin {
        /// The field `origin`.
        origin: String,
        /// The name in the field `public_key`.
        key: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u64,
    origin: String,
    public_key: String,
    encryption: String,
}

impl Settings {
    /// The file's text.
    pub(crate) fn text(&self) -> String {
        let encryption = match self.encryption {
            Encryption::On => "xchacha20poly1305",
            Encryption::None => "none",
        };
        format!(
            "# A vault: an append-only log and the blobs it names. Nothing in this file is secret.\n\
             format = {FORMAT}\n\
             origin = {:?}\n\
             public_key = {:?}\n\
             encryption = {encryption:?}\n",
            self.public.name(),
            self.public.to_string(),
        )
    }

    pub(crate) fn read(disk: &dyn Disk, vault: &Path) -> Result<Settings, SettingsError> {
        let path = vault.join(FILE);
        let bytes = disk.read(&path).map_err(DiskError::at("read", &path))?;
        let text = String::from_utf8(bytes).map_err(|e| SettingsError::Form(e.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|e| SettingsError::Form(e.to_string()))?;
        if file.format != FORMAT {
            return Err(SettingsError::Format { found: file.format });
        }
        let public: PublicKey = file.public_key.parse()?;
        if public.name() != file.origin {
            return Err(SettingsError::Origin {
                origin: file.origin,
                key: public.name().to_owned(),
            });
        }
        let encryption = match file.encryption.as_str() {
            "xchacha20poly1305" => Encryption::On,
            "none" => Encryption::None,
            other => {
                return Err(SettingsError::Form(format!(
                    "encryption: found {other:?}, expected \"xchacha20poly1305\" or \"none\""
                )));
            }
        };
        Ok(Settings { public, encryption })
    }
}
