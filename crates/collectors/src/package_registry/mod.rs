//! On which day a registry released which version, asked of the registry itself or of a mirror.

mod addresses;
mod asked;
mod wanted;

use standing_facts::GapCode;

use crate::asking::CA_FILE;
use crate::releases::{self, Answer, Releases};
use crate::secret::Secret;
use crate::unpacked::Refusal;
use crate::{About, Asks, Collector, FetchError, Kept, Line, Parts, Setting, Settings, Sink};
use addresses::Registry;
use asked::{Asker, Journal, Package};

/// Asks a registry of packages.
pub struct PackageRegistry;

static ABOUT: About = About {
    kind: "package-registry",
    summary: "release days of packages, asked of npm, PyPI, RubyGems, NuGet, Packagist, Go's proxy, Cargo's \
index or a mirror",
    revision: 1,
    asks: Asks::System,
    tables: &["package_release"],
    settings: &[
        Setting {
            name: "ecosystem",
            meaning: "whose packages: npm, PyPI, crates.io, RubyGems, Go, NuGet or Packagist",
            default: "",
            required: true,
        },
        Setting {
            name: "url",
            meaning: "where the registry answers: the address before /PACKAGE (npm, NuGet's registrations, \
Go's proxy), before /pypi, /api/v1 or /p2, or of Cargo's sparse index",
            default: "",
            required: true,
        },
        Setting {
            name: "packages",
            meaning: "what is asked about: a lockfile, a folder of lockfiles, or a file with one package URL \
on each line",
            default: "",
            required: true,
        },
        Setting {
            name: "leave_out",
            meaning: "packages that are not asked about, such as the firm's own; * stands for any ending",
            default: "",
            required: false,
        },
        Setting {
            name: "token_file",
            meaning: "file that holds a bearer token, where the registry wants one",
            default: "",
            required: false,
        },
        Setting {
            name: "token_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        CA_FILE,
    ],
    how: "No account is needed of a public registry; a mirror may want a token that may read. Standing asks \
about the packages that the lists name and about nothing else, one question for each package, and of Go one \
for each version from the lowest that the lists name. The registry learns which packages are asked about: \
name the firm's own in leave_out. Ask for all packages that are or were installed, not for those with an \
open clock: days that are no longer asked for no longer date the fix of what was mended. Go and Packagist \
give the day on which a version was made, which counts as the earliest. A mirror may date what it keeps by \
the day on which it fetched it: days that several versions share to the second, or most of them by the day, \
count as the latest. Maven's repositories date no version and are not asked.",
};

impl Collector for PackageRegistry {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        let registry = Registry::of(settings.value("ecosystem")).ok_or_else(|| {
            let known = addresses::known();
            let why = format!("ecosystem: expected one of {known}");
            FetchError::system(GapCode::Malformed, why)
        })?;
        let wanted = wanted::packages(line, registry.ecosystem)?;
        let token = line.secret("token")?;
        let mut http = line.http(settings.value("url"))?;
        if let Some(token) = token {
            let token = Secret::new(format!("Bearer {}", token.reveal()));
            http.always("authorization", token);
        }
        Asker::new(&mut http, registry).all(wanted)
    }

    fn read(&self, _settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(journal) = Journal::of(parts, sink) else {
            return;
        };
        let mut releases = Releases::default();
        for package in &journal.packages {
            if let Some(code) = package.code {
                sink.gap(Some("package_release"), code, package.why.clone());
            }
            for name in &package.parts {
                match answer(parts, name, package) {
                    Ok(found) => releases.take(name, found, sink),
                    Err(refusal) => refusal.report(name, false, sink),
                }
            }
        }
        releases.give(sink);
    }
}

/// What a part says of the package about which it was asked. Go's lists of versions date none.
fn answer(parts: &Parts<'_>, name: &str, package: &Package) -> Result<Vec<Answer>, Refusal> {
    if name.ends_with(addresses::GO_LIST) {
        return Ok(Vec::new());
    }
    let part: Option<&Kept> = parts.list().iter().find(|part| part.name == name);
    let part = part.ok_or_else(|| Refusal::new("was asked for and is not here"))?;
    let bytes = parts.whole(part, crate::http::LONGEST);
    let bytes = bytes.map_err(|e| Refusal::io(&e))?.unwrap_or_default();
    let found = releases::read(name, &bytes)?;
    let ours = found.into_iter().filter(|answer| {
        answer.package.is_empty() || answer.package.eq_ignore_ascii_case(&package.name)
    });
    let ours: Vec<_> = ours.collect();
    match ours.is_empty() {
        true => Err(Refusal::new(format!("is not about {}", package.name))),
        false => Ok(ours),
    }
}
