//! Secrets of live sources: where they come from, and that they go nowhere else.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;

use standing_facts::GapCode;
use zeroize::Zeroizing;

use crate::{FetchError, Root, Settings};

/// Longest secret that a file may hold: a service account's key with room to spare.
const LONGEST: u64 = 64 << 10;

/// A token, password or key. It has no `Display`, its `Debug` tells nothing, and its memory is wiped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text that must not be shown.
    pub fn new(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }

    /// The secret itself, for the header or the connection that it opens and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// See [`crate::Line::secret`].
pub(crate) fn find(
    root: &Root<'_>,
    settings: &Settings,
    name: &str,
) -> Result<Option<Secret>, FetchError> {
    let file = settings.value(&format!("{name}_file"));
    let variable = settings.value(&format!("{name}_env"));
    match (file, variable) {
        ("", "") => Ok(None),
        (file, "") => from_file(root, name, file).map(Some),
        ("", variable) => from_environment(name, variable).map(Some),
        _ => Err(refused(format!(
            "{name}_file and {name}_env are both set: expected one of them"
        ))),
    }
}

fn refused(why: String) -> FetchError {
    FetchError::system(GapCode::Denied, why)
}

fn from_file(root: &Root<'_>, name: &str, file: &str) -> Result<Secret, FetchError> {
    let cannot = |why: &str| refused(format!("{name}_file {file}: {why}"));
    let opened = (root.open)(&root.folder.join(file)).map_err(|e| cannot(&e.kind().to_string()))?;
    let about = opened
        .metadata()
        .map_err(|e| cannot(&e.kind().to_string()))?;
    if !about.is_file() {
        return Err(cannot("expected a file"));
    }
    if about.mode() & 0o077 != 0 {
        return Err(cannot(
            "others may read it: expected mode 0600 (chmod 600), readable by its owner only",
        ));
    }
    let mut text = Zeroizing::new(String::new());
    opened
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|_| cannot("expected text"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return Err(cannot("it is empty"));
    }
    Ok(Secret::new(text.to_owned()))
}

fn from_environment(name: &str, variable: &str) -> Result<Secret, FetchError> {
    match std::env::var(variable) {
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text)),
        _ => Err(refused(format!(
            "{name}_env {variable}: no such environment variable is set"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn found(name: &str, value: &str, mode: u32) -> Result<Option<Secret>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, value).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let mut settings = Settings::default();
        settings.values.insert("token_file".into(), name.into());
        find(&Root::new(folder.path()), &settings, "token").map_err(|e| e.to_string())
    }

    #[test]
    fn a_secret_is_what_the_file_holds_and_is_never_shown() {
        let secret = found("token", "t0ken\n", 0o600).unwrap().unwrap();
        assert_eq!(secret.reveal(), "t0ken");
        assert!(!format!("{secret:?}").contains("t0ken"));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_without_its_contents() {
        let error = found("token", "t0ken", 0o640).unwrap_err();
        assert!(
            error.contains("0600") && !error.contains("t0ken"),
            "{error}"
        );
        for (name, value) in [("token", " \n"), ("nothing-here", "t0ken")] {
            assert!(found(name, value, 0o600).is_err());
        }
    }

    #[test]
    fn nothing_configured_is_nothing_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(
            find(&root, &Settings::default(), "token")
                .unwrap()
                .is_none()
        );
        let mut settings = Settings::default();
        settings
            .values
            .insert("token_env".into(), "STANDING_TEST_NOT_SET".into());
        let error = find(&root, &settings, "token").unwrap_err().to_string();
        assert!(error.contains("STANDING_TEST_NOT_SET"), "{error}");
    }
}
