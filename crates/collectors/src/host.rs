//! Hosts as folders: which host a file is of, and what it says of its distribution and its kernel.

use standing_facts::tables::Asset;

use crate::distribution::Release;
use crate::{Kept, Parts, Settings, Sink, os_release};

/// Where a distribution names itself. The first is often a link to the second.
const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// Where the release of the kernel that runs stands: on the host, or as `uname -r` printed it.
const KERNEL: [&str; 2] = ["uname-r.txt", "proc/sys/kernel/osrelease"];

/// A release of a kernel is short.
const LONGEST_KERNEL: u64 = 256;

/// What files beside the package database say of one host.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) release: Option<Release>,
    pub(crate) kernel: Option<String>,
}

/// The folder before `path` in `relative`; empty where `relative` is the path itself.
pub(crate) fn folder<'a>(relative: &'a str, path: &str) -> Option<&'a str> {
    let before = relative.strip_suffix(path)?;
    before.strip_suffix('/').or(before.is_empty().then_some(""))
}

/// The folder before any of the paths.
pub(crate) fn folder_of_any<'a>(relative: &'a str, paths: &[&str]) -> Option<&'a str> {
    paths.iter().find_map(|path| folder(relative, path))
}

/// The folder of the host that a file tells its distribution or kernel of, if it is such a file.
pub(crate) fn told(relative: &str) -> Option<&str> {
    folder_of_any(relative, &OS_RELEASE).or_else(|| folder_of_any(relative, &KERNEL))
}

impl Host {
    /// Reads a file for which [`told`] names this host.
    pub(crate) fn take(&mut self, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) {
        if folder_of_any(&part.name, &KERNEL).is_some() {
            return match kernel(parts, part) {
                Ok(found) => self.kernel = self.kernel.take().or(Some(found)),
                Err(why) => sink.problem(&part.name, None, None, why),
            };
        }
        match os_release::read(parts, part) {
            Ok(found) => self.release = self.release.take().or(found),
            Err(why) => sink.problem(&part.name, None, None, why),
        }
    }

    /// The host as an asset.
    pub(crate) fn asset(&self, name: &str, sink: &Sink<'_>) -> Asset {
        Asset {
            id: sink.id(name),
            name: name.to_owned(),
            kind: Some("server".into()),
            system: None,
            owner: None,
            os: self.release.as_ref().map(|r| r.os.clone()),
            os_version: self.release.as_ref().and_then(|r| r.version.clone()),
            encrypted: None,
            antimalware: None,
            antimalware_updated_on: None,
            internet_facing: None,
            region: None,
            last_seen_on: None,
            retired_on: None,
            kernel: self.kernel.clone(),
        }
    }
}

/// Copies of files below `/proc` are empty where a tool copies as many bytes as the file claims to have.
fn kernel(parts: &Parts<'_>, part: &Kept) -> Result<String, String> {
    let bytes = parts
        .whole(part, LONGEST_KERNEL)
        .map_err(|e| format!("cannot be read: {}", e.kind()))?
        .ok_or("is too long for the release of a kernel")?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    match text.is_empty() || text.contains(char::is_whitespace) {
        true => {
            Err("expected the release of a kernel; save what uname -r prints as uname-r.txt".into())
        }
        false => Ok(text.to_owned()),
    }
}

/// Keeps the one file of its form that a host has. Another of the same name is another host's, or a copy.
pub(crate) fn once<'a>(place: &mut Option<&'a Kept>, part: &'a Kept, sink: &mut Sink<'_>) {
    match place {
        None => *place = Some(part),
        Some(first) if first.sha256 == part.sha256 && !part.sha256.is_empty() => {}
        Some(first) => {
            let what = format!(
                "{} is of a host of the same name; give one of them another folder",
                first.name
            );
            sink.problem(&part.name, None, None, what);
        }
    }
}

/// A host's name: its folder; without one, the setting or the words of the source's path before the
/// first of `paths` that it ends in.
pub(crate) fn named(found: &str, settings: &Settings, paths: &[&str]) -> String {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    if !found.is_empty() {
        return last(found);
    }
    if !settings.value("asset").is_empty() {
        return settings.value("asset").to_owned();
    }
    let path = settings.path.to_string_lossy();
    let file = |path: &&&str| settings.path.ends_with(last(path));
    let above = match (folder_of_any(&path, paths), paths.iter().find(file)) {
        (Some(root), _) => last(root),
        (None, Some(_)) => {
            let parent = settings.path.parent().and_then(std::path::Path::file_name);
            parent
                .map(|p| p.to_string_lossy().into_owned())
                .unwrap_or_default()
        }
        (None, None) => last(&path),
    };
    match above.as_str() {
        "" | "." | ".." => settings.source.clone(),
        _ => above,
    }
}

/// The release that the setting `release` states, such as `debian 12`.
pub(crate) fn stated(settings: &Settings) -> Option<Release> {
    let stated = settings.value("release");
    let (id, version) = stated.split_once([' ', ':']).unwrap_or((stated, ""));
    (!id.is_empty()).then(|| Release::new(id, Some(version)))
}
