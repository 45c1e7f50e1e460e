//! A home in a temporary folder, driven through the program itself.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which commands run.
pub struct Home {
    _folder: tempfile::TempDir,
    /// Its path.
    pub path: PathBuf,
}

impl Home {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Home {
            path: folder.path().join("firm"),
            _folder: folder,
        }
    }

    /// After `standing init`.
    pub fn new() -> Self {
        let home = Home::empty();
        let made = home.run(&["init", home.path.to_str().unwrap()]);
        assert_eq!(made.code, 0, "{}", made.err);
        home
    }

    /// The demonstration, laid out by the program itself.
    pub fn demo(words: &[&str]) -> (Self, Done) {
        let home = Home::empty();
        let parent = home.path.parent().unwrap().to_owned();
        let mut all = vec!["demo", "--quiet", "--dir", home.path.to_str().unwrap()];
        all.extend(words);
        let done = run_in(&parent, &all);
        (home, done)
    }

    /// Runs the program in the folder.
    pub fn run(&self, words: &[&str]) -> Done {
        run_in(
            if self.path.is_dir() {
                &self.path
            } else {
                Path::new("/")
            },
            words,
        )
    }

    /// Writes a file below the folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes a file that nobody else may read.
    pub fn secret(&self, name: &str, text: &str) {
        let file = self.write(name, text);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Adds text to `standing.toml`.
    pub fn configure(&self, text: &str) {
        let path = self.path.join("standing.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{before}\n{text}\n")).unwrap();
    }
}

/// What a command did.
pub struct Done {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Done {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.out, self.err))
    }
}

/// Runs the program in a folder.
pub fn run_in(folder: &Path, words: &[&str]) -> Done {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(words)
        .current_dir(folder)
        .env("STANDING_ACTOR", "Tester")
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    Done {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
