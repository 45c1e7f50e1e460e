//! `standing edition import`: the user's own download of the official spreadsheet, laid over what
//! we know. Its wording stays in the user's vault.

use std::path::Path;

use serde_json::json;
use standing_assess::catalogue::{Catalogue, Overlay, sheet};
use standing_collectors::workbook;

use crate::failure::Failure;
use crate::home::{By, Home};
use crate::text::{Style, count};

/// How to import.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Only say what would be taken.
    pub dry_run: bool,
    /// Take it though something may be missing from it.
    pub accept: bool,
}

/// What may be missing from a sheet, each a sentence: items may hide in rows that were left aside,
/// and far fewer were found than the full list is said to hold.
pub fn shortcomings(catalogue: &Catalogue, overlay: &Overlay) -> Vec<String> {
    let hiding = overlay
        .unmatched_rows
        .iter()
        .filter(|row| row.why.may_hide_an_item())
        .count();
    let mut found = Vec::new();
    if hiding > 0 {
        found.push(format!(
            "{} of {} may hide an item and could not be read.",
            count(hiding as u64, "row"),
            overlay.title
        ));
    }
    for d in catalogue.count_differences(overlay) {
        if u64::from(d.found) * 10 < u64::from(d.expected) * 8 {
            found.push(format!(
                "{} gives {} {} {}, and {} was said to have {}{}.",
                overlay.title,
                d.profile,
                d.found,
                d.what,
                d.expected_of,
                if d.approximate { "about " } else { "" },
                d.expected
            ));
        }
    }
    found
}

/// Runs `standing edition import FILE --edition ID`. Exit code 0 if everything was understood, 1 if
/// something was left aside.
///
/// # Errors
/// When the file is no workbook, or can be understood in two ways.
pub fn import(folder: &Path, file: &Path, edition: Option<&str>, how: How) -> Result<u8, Failure> {
    let title = file
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let catalogue = Catalogue::builtin();
    let edition = match edition {
        Some(edition) => edition.to_owned(),
        None => named(catalogue, &title).ok_or_else(|| {
            Failure::usage(format!(
                "the name {title:?} does not say which edition it is of"
            ))
            .hint("say it with --edition v9")
        })?,
    };
    let edition = edition.as_str();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if edition.is_empty() || !edition.chars().all(plain) {
        return Err(Failure::usage(format!(
            "--edition {edition:?}: expected a short name such as v9"
        )));
    }
    let shown = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let sheets: Vec<sheet::Sheet> = workbook(&bytes)
        .map_err(|why| Failure::configuration(format!("{shown} {why}")))?
        .into_iter()
        .map(|s| sheet::Sheet {
            name: s.name,
            rows: s.rows,
        })
        .collect();
    let overlay = sheet::read(catalogue, edition, &title, &sheets).map_err(|error| {
        Failure::configuration(format!("{shown}: {error}")).hint(
            "nothing was imported; remove or rename the column that is not meant, and try again",
        )
    })?;
    put!("{}", summary(catalogue, &overlay, Style::stdout()));
    let short = shortcomings(catalogue, &overlay);
    if !how.dry_run && !how.accept && !short.is_empty() {
        return Err(
            Failure::configuration(format!("nothing was imported: {}", short.join(" "))).hint(
                "look at what was not taken; --accept imports it as it is, and status will say so",
            ),
        );
    }
    if how.dry_run {
        say!("\nNothing was kept (--dry-run).");
    } else {
        let home = Home::open(folder)?;
        let index = home.index()?;
        let original = home.vault.put_blob(&bytes)?;
        let text = serde_json::to_vec(&overlay).map_err(Failure::integrity)?;
        let kept = home.vault.put_blob(&text)?;
        let body = json!({
            "edition": edition,
            "original": original.digest.reference(),
            "overlay": kept.digest.reference(),
        });
        let entry = home.append(&index, By::KEYBOARD, "edition", body)?;
        say!("\nentry {}: {edition} imported", entry.seq);
    }
    let aside = overlay.unmatched_columns.len() + overlay.unmatched_rows.len();
    Ok(u8::from(aside > 0))
}

/// The edition that a file's name speaks of: `Version9 …`, `… v9 …`, `… 26-27 …`, `… 2026-27 …`.
fn named(catalogue: &Catalogue, title: &str) -> Option<String> {
    let title = title.to_lowercase();
    let numbered = ["version", "v"].iter().find_map(|word| {
        let (_, rest) = title.split_once(word)?;
        let digits: String = rest
            .trim_start_matches([' ', '_', '-'])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        (1..=2)
            .contains(&digits.len())
            .then(|| format!("v{digits}"))
    });
    numbered.or_else(|| {
        let of_year = catalogue
            .editions
            .iter()
            .find(|e| title.contains(&e.year[2..]));
        of_year.map(|e| e.id.clone())
    })
}

fn summary(catalogue: &Catalogue, overlay: &Overlay, style: Style) -> String {
    let mut text = format!(
        "{}\n",
        style.strong(&format!(
            "{} as the sheet of edition {}",
            overlay.title, overlay.edition
        ))
    );
    for profile in overlay.profiles() {
        let rows: Vec<_> = overlay
            .rows
            .iter()
            .filter(|r| r.profile == profile)
            .collect();
        let asked = rows.iter().filter(|r| r.evidence_text.is_some()).count();
        let mandatory = rows
            .iter()
            .filter(|r| r.evidence_text.is_some() && r.mandatory == Some(true))
            .count();
        text.push_str(&format!(
            "  {profile}: {asked} items asked, {mandatory} of them marked mandatory\n"
        ));
    }
    for difference in catalogue.count_differences(overlay) {
        text.push_str(&format!(
            "  differs: {} has {} {}, {} was said to have {}{}\n",
            difference.profile,
            difference.found,
            difference.what,
            difference.expected_of,
            if difference.approximate { "about " } else { "" },
            difference.expected
        ));
    }
    for (what, left) in [
        ("column or tab", &overlay.unmatched_columns),
        ("row or cell", &overlay.unmatched_rows),
    ] {
        if left.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "  {} not taken:\n",
            count(left.len() as u64, what)
        ));
        for one in left {
            let content: String = one.content.chars().take(60).collect();
            text.push_str(&format!(
                "    {} {}: {} ({content:?})\n",
                one.sheet, one.place, one.why
            ));
        }
    }
    text
}
