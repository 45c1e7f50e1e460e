//! Which packages are asked about: those of lockfiles, or of a list.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use standing_facts::GapCode;
use standing_patching::Purl;

use crate::lockfiles::{Lockfiles, lockfile};
use crate::sbom::ecosystem::identity;
use crate::{Collector as _, FetchError, Line, walk};

/// The longest list.
const LONGEST: u64 = 64 << 20;
/// Beyond this many packages it is a mirror that is wanted, not an answer.
const MOST: usize = 20_000;

/// The packages by name, each with the lowest version that the lists name; empty where none does.
///
/// # Errors
/// When a list cannot be read, or names no package of that ecosystem.
pub(super) fn packages(
    line: &mut Line<'_>,
    ecosystem: &'static str,
) -> Result<BTreeMap<String, String>, FetchError> {
    let settings = line.settings().clone();
    let shown = settings.value("packages");
    let path = line.root.folder.join(shown);
    let mut wanted = BTreeMap::new();
    if path.is_dir() {
        let (mut files, gaps) = walk::files(&path, &|name| {
            Lockfiles.wants(name) && !name.ends_with("pom.xml")
        })?;
        line.gaps.extend(gaps);
        files.sort();
        for file in files {
            list(line, &path.join(&file), &file, ecosystem, &mut wanted)?;
        }
    } else {
        list(line, &path, shown, ecosystem, &mut wanted)?;
    }
    let left_out = settings.value("leave_out");
    wanted.retain(|name, _| !is_left_out(name, left_out));
    let odd = |code, why: String| Err(FetchError::system(code, format!("packages {shown}: {why}")));
    match wanted.len() {
        0 => odd(GapCode::Missing, format!("names no package of {ecosystem}")),
        count if count > MOST => odd(GapCode::TooLarge, format!("names more than {MOST}")),
        _ => Ok(wanted),
    }
}

fn is_left_out(name: &str, left_out: &str) -> bool {
    let mut words = left_out.split([',', ' ']).filter(|word| !word.is_empty());
    words.any(|word| match word.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == word,
    })
}

fn list(
    line: &Line<'_>,
    path: &Path,
    shown: &str,
    ecosystem: &'static str,
    wanted: &mut BTreeMap<String, String>,
) -> Result<(), FetchError> {
    let odd = |place: Option<u64>, why: &str| {
        let place = place.map(|l| format!(" line {l}")).unwrap_or_default();
        FetchError::system(
            GapCode::Malformed,
            format!("packages {shown}{place}: {why}"),
        )
    };
    let opened = (line.root.open)(path).map_err(|e| crate::collector::sort(path, e))?;
    let mut bytes = Vec::new();
    let read = opened.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(|e| odd(None, &e.kind().to_string()))?;
    if let Some(reading) = lockfile(shown, &bytes) {
        if let Some(refused) = reading.refused {
            return Err(odd(refused.line, &refused.what));
        }
        let ours = reading.components.into_iter();
        for package in ours.filter(|package| package.ecosystem == ecosystem) {
            lowest(ecosystem, package.name, &package.version, wanted);
        }
        return Ok(());
    }
    let text = String::from_utf8_lossy(&bytes);
    for (number, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let purl = Purl::parse(text).ok_or_else(|| odd(Some(number), "expected a package URL"))?;
        let package = identity(&purl);
        if package.ecosystem == ecosystem {
            let version = purl.version.as_deref().unwrap_or_default();
            lowest(ecosystem, package.name, version, wanted);
        }
    }
    Ok(())
}

/// An empty version stands for all.
fn lowest(ecosystem: &str, name: String, version: &str, wanted: &mut BTreeMap<String, String>) {
    let known = wanted.entry(name).or_insert_with(|| version.to_owned());
    let order = standing_patching::compare(ecosystem, version, known);
    if version.is_empty() || order == Some(Ordering::Less) {
        version.clone_into(known);
    }
}
