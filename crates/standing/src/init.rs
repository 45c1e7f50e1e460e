//! `standing init`: an empty vault, its keys, and a commented `standing.toml`.

use std::path::Path;

use standing_vault::{KeyFiles, Options, Vault};

use crate::config::{Config, FILE};
use crate::failure::Failure;
use crate::home::key_files;

/// What `standing.toml` says at first. Also the manual: a test reads it.
pub const TEMPLATE: &str = include_str!("standing.toml");

/// Runs `standing init`.
///
/// # Errors
/// When something is there already, or cannot be written.
pub fn init(folder: &Path, origin: Option<&str>) -> Result<u8, Failure> {
    if folder.join(FILE).exists() {
        return Err(
            Failure::usage(format!("{} exists already", folder.join(FILE).display()))
                .hint("nothing was changed; `standing status` uses it"),
        );
    }
    std::fs::create_dir_all(folder)?;
    make(folder, TEMPLATE, origin)?;
    say!(
        "Made in {}:\n  {FILE}          what to read, and by which profile to judge\n  \
         keys/signing.key       signs the log; whoever has it can write in your name\n  \
         keys/blobs.key         hides the evidence; without it nobody can read it, you included\n  \
         vault/                 the log and the evidence\n\n\
         Keep a copy of both keys in a safe place, apart from the vault.\n\n\
         Next:\n  standing source kinds\n  standing source add hr --kind hr --path people.csv\n  \
         standing collect\n  standing status",
        folder.display()
    );
    Ok(0)
}

/// Makes keys and vault for a configuration and writes it.
///
/// # Errors
/// When something is there already, or cannot be written.
pub fn make(folder: &Path, config: &str, origin: Option<&str>) -> Result<(), Failure> {
    let settings = Config::parse(config)?;
    let plain = |c: char| c.is_ascii_graphic() && c != '+';
    if let Some(origin) = origin.filter(|o| o.is_empty() || !o.chars().all(plain)) {
        return Err(
            Failure::usage(format!("--origin {origin:?} cannot name a log"))
                .hint("letters, digits, dots, hyphens and slashes, such as example.org/standing"),
        );
    }
    let files: KeyFiles = key_files(folder, &settings);
    for file in [&files.signing, &files.blobs] {
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
            private(parent)?;
        }
    }
    let keys = files.generate()?;
    let name = folder
        .canonicalize()?
        .file_name()
        .map_or_else(|| "vault".into(), |n| n.to_string_lossy().into_owned());
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let origin = origin.map_or_else(|| format!("standing/{plain}"), str::to_owned);
    Vault::init(
        &folder.join(&settings.vault),
        &origin,
        &keys,
        Options::default(),
    )?;
    std::fs::write(folder.join(FILE), config)?;
    Ok(())
}

fn private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}
