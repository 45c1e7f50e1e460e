//! `standing vault` and `standing verify`: checking a vault, and erasing from it.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use standing_vault::{BlobKey, Fault, Report, Verdict, fsck};

use crate::cli::{Format, VaultCommand};
use crate::commands;
use crate::config::{Config, FILE};
use crate::failure::Failure;
use crate::home::{By, Home, key_files};
use crate::progress::Steps;
use crate::text::{Style, count, number};

/// Runs `standing vault …`.
///
/// # Errors
/// When the vault cannot be opened or erasing was not confirmed.
pub fn vault(
    folder: &Path,
    command: &VaultCommand,
    format: Format,
    quiet: bool,
) -> Result<u8, Failure> {
    match command {
        VaultCommand::Fsck { checkpoint } => {
            let config = Config::load(folder)?;
            let key = BlobKey::load(&key_files(folder, &config).blobs)?;
            examine(
                &folder.join(&config.vault),
                Some(&key),
                checkpoint.as_deref(),
                format,
                quiet,
            )
        }
        VaultCommand::Checkpoint => {
            put!("{}", Home::open(folder)?.vault.checkpoint());
            Ok(0)
        }
        VaultCommand::Erase { blob, reason, yes } => {
            erase(&Home::open(folder)?, blob, reason, *yes)
        }
    }
}

/// Runs `standing verify PATH`: the vault in that folder, or the one its `standing.toml` names.
///
/// # Errors
/// When there is nothing to verify.
pub fn verify(
    path: &Path,
    checkpoint: Option<&Path>,
    key: Option<&Path>,
    format: Format,
    quiet: bool,
) -> Result<u8, Failure> {
    let (vault, found_key): (PathBuf, Option<PathBuf>) = if path.join(FILE).is_file() {
        let config = Config::load(path)?;
        let blobs = key_files(path, &config).blobs;
        (path.join(&config.vault), blobs.is_file().then_some(blobs))
    } else {
        (path.to_owned(), None)
    };
    if !vault.join("vault.toml").is_file() {
        return Err(Failure::usage(format!("no vault in {}", vault.display()))
            .hint("expected a folder with vault.toml or standing.toml"));
    }
    let key = match key.map(Path::to_owned).or(found_key) {
        Some(file) => Some(BlobKey::load(&file)?),
        None => None,
    };
    examine(&vault, key.as_ref(), checkpoint, format, quiet)
}

fn examine(
    vault: &Path,
    key: Option<&BlobKey>,
    checkpoint: Option<&Path>,
    format: Format,
    quiet: bool,
) -> Result<u8, Failure> {
    let kept = match checkpoint {
        Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!(
                "cannot read the checkpoint {}: {error}",
                file.display()
            ))
        })?),
        None => None,
    };
    let mut steps = Steps::new("verifying", quiet);
    let report = fsck(vault, key, kept.as_deref(), &mut |done, all| {
        steps.at(done, all)
    })?;
    steps.done();
    match format {
        Format::Json => say!("{:#}", to_json(&report)),
        Format::Text => put!("{}", to_text(&report, kept.is_some(), Style::stdout())),
    }
    let only_kept = report
        .faults
        .iter()
        .all(|f| matches!(f, Fault::Kept { .. }));
    Ok(match report.verdict() {
        Verdict::Sound => 0,
        Verdict::Faulty if only_kept => 2,
        Verdict::Faulty => 1,
        Verdict::Empty => 2,
    })
}

fn to_json(report: &Report) -> serde_json::Value {
    json!({
        "verdict": word(report),
        "origin": report.origin,
        "entries": report.entries,
        "root": report.root.as_ref().map(ToString::to_string),
        "blobs": {
            "present": report.blobs.present,
            "erased": report.blobs.erased,
            "unchecked": report.blobs.unchecked,
        },
        "faults": report.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "faults_not_listed": report.faults_not_listed,
        "notes": report.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn word(report: &Report) -> &'static str {
    match report.verdict() {
        Verdict::Sound => "verified",
        Verdict::Faulty => "not verified",
        Verdict::Empty => "empty",
    }
}

/// What was checked and what was found, for people.
pub fn to_text(report: &Report, kept: bool, style: Style) -> String {
    let mut text = match report.verdict() {
        Verdict::Sound if report.blobs.unchecked > 0 => format!(
            "{}: the log; the contents of {} of {} not checked, for want of the key\n",
            style.news(true, "VERIFIED"),
            number(report.blobs.unchecked),
            count(report.blobs.present, "blob")
        ),
        Verdict::Sound => format!("{}\n", style.news(true, "VERIFIED")),
        Verdict::Faulty => format!("{}\n", style.news(false, "NOT VERIFIED")),
        Verdict::Empty => "EMPTY: an empty vault proves nothing\n".to_owned(),
    };
    // One flipped byte also parts every earlier, shorter form of its bundle from the full one.
    let (earlier, telling): (Vec<&Fault>, Vec<&Fault>) = report
        .faults
        .iter()
        .partition(|f| matches!(f, Fault::Superseded { .. }));
    for fault in &telling {
        text.push_str(&format!("  ✗ {}\n", style.fold(4, &fault.to_string())));
    }
    let (shown, more) = earlier.split_at(earlier.len().min(if telling.is_empty() { 5 } else { 0 }));
    for fault in shown {
        text.push_str(&format!("  ✗ {}\n", style.fold(4, &fault.to_string())));
    }
    if !more.is_empty() {
        let files = count(more.len() as u64, "earlier partial file");
        text.push_str(&format!(
            "  ✗ {files} of the same tile or bundle differ from it\n"
        ));
    }
    if report.faults_not_listed > 0 {
        text.push_str(&format!(
            "  … and {} more\n",
            number(report.faults_not_listed)
        ));
    }
    let origin = report.origin.as_deref().unwrap_or("a log without a name");
    text.push_str(&format!(
        "  {origin}: {}",
        count(report.entries, "entry").replace("entrys", "entries")
    ));
    if let Some(root) = &report.root {
        text.push_str(&format!(", root {root}"));
    }
    text.push('\n');
    let blobs = &report.blobs;
    let opened = blobs.present - blobs.unchecked;
    text.push_str(&format!(
        "  {}: {} opened and of the right digest, {} not opened for want of the key, {} erased\n",
        count(blobs.present + blobs.erased, "blob"),
        number(opened),
        number(blobs.unchecked),
        number(blobs.erased)
    ));
    for note in &report.notes {
        text.push_str(&format!("  note: {}\n", style.fold(8, &note.to_string())));
    }
    if !kept && report.verdict() == Verdict::Sound {
        text.push_str(&format!(
            "  {}\n",
            style.fold(
                2,
                "This shows that nothing was changed since the checkpoint was signed. It does not show that \
                 the holder of the signing key did not sign another history: compare with a checkpoint \
                 kept elsewhere (--checkpoint FILE)."
            )
        ));
    }
    text
}

fn erase(home: &Home, blob: &str, reason: &str, yes: bool) -> Result<u8, Failure> {
    let reference = commands::digest(blob)?.reference();
    if !yes && !confirmed(&reference)? {
        return Err(Failure::usage("nothing was erased").hint("--yes erases without asking"));
    }
    let index = home.index()?;
    let entry = commands::erase(home, &index, By::KEYBOARD, &reference, reason)?;
    say!("entry {entry}: {reference} erased. Copies and backups of the vault are not reached.");
    Ok(0)
}

/// Asks on a terminal; elsewhere the answer is no.
fn confirmed(reference: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("Erase {reference} for good? Type erase: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "erase")
}
