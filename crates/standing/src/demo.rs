//! `standing demo`: an invented supplier, end to end, by the same code that a user runs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use standing_assess::assessment::Assessment;
use standing_assess::catalogue::Catalogue;
use standing_assess::check::Verdict as Answer;
use standing_demo::{Fault, Plan, StatementWanted};
use standing_vault::{BlobKey, Verdict, fsck};

use crate::advisories::{Wanted, update};
use crate::cli::{Demo, Global, When};
use crate::collect::{chosen, collect, collected_text};
use crate::failure::Failure;
use crate::home::{By, Home, key_files};
use crate::judge::{self, Terms};
use crate::progress::Sources;
use crate::text::{Style, count, number, table};
use crate::{commands, init, review, status, vaults};

/// Runs `standing demo`. Exit code 0 when every planted fault was found and the vault did what it
/// must; 1 when not.
///
/// # Errors
/// When the folder cannot be used.
pub fn demo(global: &Global, options: &Demo) -> Result<u8, Failure> {
    let began = Instant::now();
    let style = Style::stdout();
    let folder = match &global.dir {
        Some(folder) => folder.clone(),
        None => PathBuf::from("standing-demo"),
    };
    empty(&folder)?;
    let as_of = judge::as_of(None)?;
    let plan = Plan {
        faults: !options.no_faults,
        scale: options.scale.into(),
        ..Plan::new(options.seed, as_of.date)
    };
    let made = lay_out(&folder, &plan)?;
    say!(
        "{}\n  {} written to {}, in the formats that real tools export.\n",
        style.strong("1. An invented supplier"),
        count(made.files as u64, "file"),
        folder.join("estate").display()
    );
    let home = Home::open(&folder)?;
    let sources: Vec<_> = home.config.sources.iter().collect();
    let progress = Sources::new(global.quiet);
    let days = number(made.past.len() as u64);
    let collections = collect(&home, By::KEYBOARD, &sources, false, &|s, p| {
        progress.at(s, p)
    })?;
    say!(
        "{}",
        style.strong("2. Collected by the same code that you would run")
    );
    put!("{}", collected_text(&collections.done, false, style));
    let past = format!(
        "Packages, lockfiles, scanners and advisories were read on {days} days of the year before too, \
         and are kept under those days."
    );
    say!("  {}", style.fold(2, &past));
    let mut index = home.index()?;
    review::demonstrate(&home, &index, !plan.faults)?;
    let when = When {
        as_of: None,
        publish_on: None,
    };
    let terms = Terms::settle(&home, &index, &when)?;
    let today = terms.assess(&mut index)?;
    let then = terms.assess_publication(&mut index)?;
    say!(
        "\n{}",
        style.strong("3. What could truthfully be published")
    );
    say!(
        "{}",
        status::to_text(&home, &terms, &today, &then, false, style)
    );
    let found = if plan.faults {
        planted(&today, style)
    } else {
        say!(
            "{}\n  No fault was planted.\n",
            style.strong("4. Planted faults")
        );
        true
    };
    let proven = prove(&home, style)?;
    say!(
        "{} in {:.1} s. Look around:\n  cd {}\n  standing status\n  standing item 4.2.4\n  \
         standing check leavers_have_no_access\n  standing forecast\n  standing patch next\n  standing verify .",
        if found && proven {
            "Done"
        } else {
            "NOT as it should be"
        },
        began.elapsed().as_secs_f64(),
        folder.display()
    );
    Ok(u8::from(!(found && proven)))
}

/// Writes the firm's exports and makes its vault, with the year before and what its people stated.
fn lay_out(folder: &Path, plan: &Plan) -> Result<standing_demo::Estate, Failure> {
    std::fs::create_dir_all(folder)?;
    let made = standing_demo::generate(folder, plan, &statements())?;
    init::make(folder, &made.config, None)?;
    let mut home = Home::open(folder)?;
    for day in &made.past {
        day.write(folder)?;
        let dawn = format!("{}T05:00:00.000Z", day.on).parse();
        home.play(Some(dawn.map_err(Failure::integrity)?));
        let sources = day.sources.iter().map(|s| (*s).to_owned());
        let sources = chosen(&home, &sources.collect::<Vec<_>>())?;
        collect(&home, By::DEMONSTRATION, &sources, false, &|_, _| {})?;
        advise(&home)?;
    }
    home.play(None);
    made.today.write(folder)?;
    advise(&home)?;
    commands::append(&home, &home.index()?, By::KEYBOARD, &made.records)?;
    Ok(made)
}

/// Takes in the mirror of advisories as `standing advisories update` does.
fn advise(home: &Home) -> Result<(), Failure> {
    let wanted = Wanted::default();
    update(home, &home.index()?, By::DEMONSTRATION, &wanted, &|_, _| {})?;
    Ok(())
}

/// The demonstration without a word: laid out and collected.
///
/// # Errors
/// When the folder cannot be used.
#[cfg(test)]
pub fn make(folder: &Path, seed: u64) -> Result<(), Failure> {
    let plan = Plan::new(seed, judge::as_of(None)?.date);
    lay_out(folder, &plan)?;
    let home = Home::open(folder)?;
    let sources: Vec<_> = home.config.sources.iter().collect();
    collect(&home, By::KEYBOARD, &sources, false, &|_, _| {})?;
    Ok(())
}

/// The demonstration never writes into a folder that holds something else.
fn empty(folder: &Path) -> Result<(), Failure> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if !occupied {
        return Ok(());
    }
    let ours = folder.join("standing.toml").is_file() && folder.join("estate").is_dir();
    let hint = if ours {
        "it holds an earlier demonstration: remove it, or give another with --dir"
    } else {
        "give another folder with --dir"
    };
    Err(Failure::usage(format!("{} is not empty", folder.display())).hint(hint))
}

/// Every item for which a person must state something.
pub fn statements() -> Vec<StatementWanted> {
    Catalogue::builtin()
        .items
        .iter()
        .filter(|item| item.statement_needed)
        .map(|item| StatementWanted {
            item: item.reference.to_string(),
            title: item.title.clone(),
            not_applicable_allowed: item.not_applicable_allowed,
        })
        .collect()
}

/// How many subjects show a planted fault.
pub fn showing(today: &Assessment, fault: &Fault) -> usize {
    let Some(result) = today.checks.get(&fault.check) else {
        return 0;
    };
    if !fault.gap_source.is_empty() {
        let named = |detail: &str| detail.starts_with(&format!("{}:", fault.gap_source));
        let gaps = result.gaps.iter().filter(|g| named(&g.detail)).count();
        return if result.verdict == Answer::Met {
            0
        } else {
            gaps
        };
    }
    result
        .subjects
        .iter()
        .filter(|s| s.verdict.as_str() == fault.verdict)
        .filter(|s| s.subject.contains(&fault.subject) || s.observed.contains(&fault.subject))
        .count()
}

fn planted(today: &Assessment, style: Style) -> bool {
    let mut all = true;
    let rows: Vec<Vec<String>> = standing_demo::faults()
        .iter()
        .map(|fault| {
            let found = showing(today, fault) >= fault.count.max(1);
            all &= found;
            vec![
                if found {
                    style.news(true, "found")
                } else {
                    style.news(false, "MISSED")
                },
                fault.title.clone(),
                style.faint(&fault.check),
            ]
        })
        .collect();
    say!(
        "{}\n{}",
        style.strong(&format!("4. Planted faults ({})", rows.len())),
        table(&rows)
    );
    all
}

/// Verifies the vault, then flips one byte in a copy and verifies that.
fn prove(home: &Home, style: Style) -> Result<bool, Failure> {
    let vault = home.folder.join(&home.config.vault);
    let key = BlobKey::load(&key_files(&home.folder, &home.config).blobs)?;
    say!("{}", style.strong("5. The vault"));
    let sound = fsck(&vault, Some(&key), None, &mut |_, _| {})?;
    put!("{}", vaults::to_text(&sound, true, style));
    let copy = home.folder.join("vault-with-one-byte-flipped");
    home.vault.copy_to(&copy).map_err(Failure::integrity)?;
    let (file, at) = flip(&copy)?;
    say!(
        "\n  Now a copy in which byte {} of {file} was flipped:",
        number(at)
    );
    let damaged = fsck(&copy, Some(&key), None, &mut |_, _| {})?;
    put!("{}", vaults::to_text(&damaged, true, style));
    say!();
    Ok(sound.verdict() == Verdict::Sound && damaged.verdict() == Verdict::Faulty)
}

/// Flips one bit in the middle of the newest entry bundle.
fn flip(vault: &Path) -> Result<(String, u64), Failure> {
    let mut bundles = Vec::new();
    files_below(&vault.join("log/tile/entries"), &mut bundles)?;
    bundles.sort_by_key(|path| std::fs::metadata(path).map_or(0, |m| m.len()));
    let file = bundles
        .pop()
        .ok_or_else(|| Failure::integrity("the copy holds no entries"))?;
    let mut bytes = std::fs::read(&file)?;
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&file, bytes)?;
    let name = file
        .strip_prefix(vault)
        .unwrap_or(&file)
        .display()
        .to_string();
    Ok((name, at as u64))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files_below(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}
