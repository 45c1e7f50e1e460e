//! A folder with a `standing.toml`: its configuration, its vault, and the index made from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use standing_assess::Index;
use standing_vault::{Draft, Entry, KeyFiles, Time, Vault};

use crate::config::{Config, FILE};
use crate::failure::Failure;
use crate::project;

/// Folder of what can be deleted at any time.
const CACHE: &str = ".standing";

/// In whose name entries are written.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who acts.
    pub who: Author<'a>,
    /// The name of the request that asks for it, kept in the entries so that the same request asked
    /// again is known.
    pub once: Option<&'a str>,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author<'a> {
    /// Whoever sits at the keyboard, by the name that the machine gives.
    Keyboard,
    /// A part of Standing that works by itself.
    Program(&'static str),
    /// An actor whom the log knows.
    Actor(&'a str),
}

impl<'a> By<'a> {
    /// In the name of whoever sits at the keyboard.
    pub const KEYBOARD: By<'static> = By {
        who: Author::Keyboard,
        once: None,
    };

    /// In the name of the part of Standing that works by itself.
    pub const SCHEDULER: By<'static> = By {
        who: Author::Program("Standing's scheduler"),
        once: None,
    };

    /// In the name of the part of Standing that tells people.
    pub const NOTIFIER: By<'static> = By {
        who: Author::Program("Standing's notices"),
        once: None,
    };

    /// In the name of the demonstration, which writes an invented past.
    pub const DEMONSTRATION: By<'static> = By {
        who: Author::Program("Standing's demonstration"),
        once: None,
    };

    /// In the name of an actor whom the log knows.
    pub fn actor(id: &'a str) -> Self {
        By {
            who: Author::Actor(id),
            once: None,
        }
    }
}

/// An opened home.
pub struct Home {
    /// The folder.
    pub folder: PathBuf,
    /// Its configuration.
    pub config: Config,
    /// Its vault.
    pub vault: Vault,
    /// The moment that is played; none outside of the demonstration.
    played: Option<Time>,
}

impl Home {
    /// Finds the folder: the one given, or the nearest upwards from here with a `standing.toml`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(given: Option<&Path>) -> Result<PathBuf, Failure> {
        let hint = "`standing init` makes one here, `standing demo` makes a worked example";
        if let Some(folder) = given {
            return if folder.join(FILE).is_file() {
                Ok(folder.to_owned())
            } else {
                Err(Failure::usage(format!("no {FILE} in {}", folder.display())).hint(hint))
            };
        }
        let here = std::env::current_dir()?;
        here.ancestors()
            .find(|folder| folder.join(FILE).is_file())
            .map(Path::to_owned)
            .ok_or_else(|| {
                Failure::usage(format!("no {FILE} in this folder or above it")).hint(hint)
            })
    }

    /// Opens the home in `folder`.
    ///
    /// # Errors
    /// When the configuration, the keys or the vault are not as they should be.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let config = Config::load(folder)?;
        let keys = key_files(folder, &config).load()?;
        let vault = Vault::open(&folder.join(&config.vault), &keys)?;
        Ok(Home {
            folder: folder.to_owned(),
            config,
            vault,
            played: None,
        })
    }

    /// Plays an earlier moment: what is written from now on bears it. For the demonstration alone, whose
    /// whole estate is invented; nothing else may write another time than that of writing.
    pub(crate) fn play(&mut self, moment: Option<Time>) {
        self.played = moment;
    }

    /// The time of writing.
    ///
    /// # Errors
    /// When the machine's clock stands beyond the years that a vault can hold.
    pub fn now(&self) -> Result<Time, Failure> {
        self.played.map_or_else(now, Ok)
    }

    /// The index, brought up to the vault's last entry.
    ///
    /// # Errors
    /// When the index cannot be written or the vault not read.
    pub fn index(&self) -> Result<Index, Failure> {
        let cache = private_cache(&self.folder)?;
        let mut index = Index::open(&cache.join("index.sqlite"))?;
        index.advise(crate::advisories::opens(&self.folder));
        project::catch_up(&self.vault, &index)?;
        Ok(index)
    }

    /// Appends one entry.
    ///
    /// # Errors
    /// When the vault refuses.
    pub fn append(
        &self,
        index: &Index,
        by: By<'_>,
        kind: &str,
        body: Value,
    ) -> Result<Entry, Failure> {
        let mut entries = self.append_all(index, by, vec![(kind.to_owned(), body)])?;
        entries
            .pop()
            .ok_or_else(|| Failure::integrity("the vault acknowledged no entry"))
    }

    /// Appends several entries at once: all of them are acknowledged or none.
    ///
    /// # Errors
    /// When the vault refuses.
    pub fn append_all(
        &self,
        index: &Index,
        by: By<'_>,
        bodies: Vec<(String, Value)>,
    ) -> Result<Vec<Entry>, Failure> {
        let (actor, introduction) = self.author(index, by.who)?;
        let time = self.now()?;
        let asked_once = bodies.into_iter().map(|(kind, body)| {
            let mut body = object(body);
            if let Some(once) = by.once {
                body.insert(project::ONCE.into(), json!(once));
            }
            (kind, Value::Object(body))
        });
        let drafts: Vec<Draft> = introduction
            .into_iter()
            .chain(asked_once)
            .map(|(kind, body)| Draft {
                actor: actor.clone(),
                kind,
                body: object(body),
                time,
            })
            .collect();
        Ok(self.vault.append(&drafts)?)
    }

    /// The opaque identifier of whoever acts, introduced in the log if it was not.
    ///
    /// # Errors
    /// When the vault refuses.
    pub fn signed_by(&self, index: &Index, who: Author<'_>) -> Result<String, Failure> {
        let (actor, introduction) = self.author(index, who)?;
        if let Some((kind, body)) = introduction {
            let by = By::actor(&actor);
            self.append(index, by, &kind, body)?;
        }
        Ok(actor)
    }

    /// The opaque identifier of whoever acts and, the first time, the entry that introduces it: the
    /// name itself lies in a blob.
    fn author(
        &self,
        index: &Index,
        who: Author<'_>,
    ) -> Result<(String, Option<(String, Value)>), Failure> {
        let name = match who {
            Author::Actor(id) => return Ok((id.to_owned(), None)),
            Author::Keyboard => whoami(),
            Author::Program(name) => name.to_owned(),
        };
        if let Some(id) = index.actor(&name)? {
            return Ok((id, None));
        }
        let (id, introduction) = self.introduce(&name)?;
        Ok((id, Some(introduction)))
    }

    /// A new opaque identifier for a name, and the entry that introduces it.
    ///
    /// # Errors
    /// When the vault refuses.
    pub fn introduce(&self, name: &str) -> Result<(String, (String, Value)), Failure> {
        let blob = self
            .vault
            .put_blob(json!({ "name": name }).to_string().as_bytes())?;
        let digest = blob.digest.to_string();
        let id = format!("actor-{}", &digest[..16]);
        let body = json!({ "actor": id, "name": blob.digest.reference() });
        Ok((id, ("actor".into(), body)))
    }
}

/// The folder of what can be deleted at any time, readable by its owner only: it holds what the blobs
/// hide. What a killed `source test` left behind is swept away.
///
/// # Errors
/// When it cannot be made.
pub fn private_cache(home: &Path) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let cache = home.join(CACHE);
    // Recursive, because then it is no error that another process made it first.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&cache)?;
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(&cache)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix("test-")
            .and_then(|id| id.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            match std::fs::remove_dir_all(entry.path()) {
                // Another process may be sweeping too.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(cache)
}

/// Holds something that only one may do at a time, in this process or another; `None` while somebody
/// else holds it. The system takes it back from a process that dies. The file stays: removing it could
/// let two others in.
///
/// # Errors
/// When the file cannot be made.
pub fn hold(home: &Path, name: &str) -> std::io::Result<Option<std::fs::File>> {
    let file = std::fs::File::create(private_cache(home)?.join(format!("{name}.lock")))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Where the configuration says the keys are.
pub fn key_files(folder: &Path, config: &Config) -> KeyFiles {
    KeyFiles {
        signing: folder.join(&config.signing_key),
        blobs: folder.join(&config.blob_key),
    }
}

/// The time of writing: the one place that looks at the clock for the vault.
///
/// # Errors
/// When the machine's clock stands beyond the years that a vault can hold.
pub fn now() -> Result<Time, Failure> {
    Time::from_milliseconds(Timestamp::now().as_millisecond())
        .map_err(|error| Failure::integrity(error).hint("is the machine's clock right?"))
}

/// The name that the machine gives whoever sits at the keyboard.
pub(crate) fn whoami() -> String {
    ["STANDING_ACTOR", "SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unnamed".into())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Counts by table as JSON.
pub fn counts_json(counts: &BTreeMap<&'static str, u64>) -> Value {
    Value::Object(
        counts
            .iter()
            .map(|(table, count)| ((*table).to_owned(), json!(count)))
            .collect(),
    )
}
