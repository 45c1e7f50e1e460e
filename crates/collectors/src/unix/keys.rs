//! Keys that open accounts: `authorized_keys`. Of a key nothing is kept but its fingerprint.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

/// One line that lets somebody in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub(super) fingerprint: String,
    /// The private half lies in a security key that wants to be touched.
    pub(super) in_hardware: bool,
}

/// The key of one line; `None` where the line is none.
pub(super) fn key(line: &str) -> Option<Key> {
    let mut words = words(line).into_iter();
    let kind = words.find(|w| is_kind(w))?;
    let blob = BASE64_STANDARD.decode(words.next()?).ok()?;
    // The blob begins with the kind's own name, after its length.
    let named = blob.get(4..4 + kind.len())?;
    if named != kind.as_bytes() {
        return None;
    }
    let digest = BASE64_STANDARD_NO_PAD.encode(Sha256::digest(&blob));
    Some(Key {
        fingerprint: format!("SHA256:{digest}"),
        in_hardware: kind.starts_with("sk-"),
    })
}

/// Whether a path, with slashes and without the host, is a file of keys; a folder of them holds one
/// file a login.
pub(super) fn is_file(path: &str) -> bool {
    owner_by_folder(path).is_some() || home(path).is_some()
}

/// `/home/ada` of `home/ada/.ssh/authorized_keys`.
pub(super) fn home(path: &str) -> Option<String> {
    let path = path.strip_suffix('2').unwrap_or(path);
    let home = path.strip_suffix("/.ssh/authorized_keys")?;
    Some(format!("/{home}"))
}

/// `ada` of `etc/ssh/authorized_keys/ada`.
pub(super) fn owner_by_folder(path: &str) -> Option<&str> {
    let login = path.strip_prefix("etc/ssh/authorized_keys/")?;
    (!login.is_empty() && !login.contains('/')).then_some(login)
}

fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
        .iter()
        .any(|start| word.starts_with(start))
}

/// Words between blanks that stand in no quotes: options may hold blanks and kinds of keys.
fn words(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quoted, mut before) = (0, false, ' ');
    for (at, c) in line.char_indices() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            found.push(&line[start..at]);
            start = at + c.len_utf8();
        }
        before = c;
    }
    found.push(&line[start..]);
    found.retain(|w| !w.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `ssh-keygen`, whose own words for them are the fingerprints below.
    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAILhkk1X8b8cTCqCj+a/Fjq9dmUa4N/Lxhfye4OIQp6o5";
    const OTHER: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPx0NzAa+saFAKv+q+xDJWdlFbJi3LhKOPqPoKHooOtKDj6qjD4vYzO1ZLHmcSnyDvAU5Sx2NZvouvoxMb8rvtQ=";

    #[test]
    fn fingerprints_are_those_of_ssh_keygen() {
        let found = |line: &str| key(line).map(|k| k.fingerprint);
        let ours = "SHA256:ACkVZSgT6cjZmd3fOvAJX8Nj1r7v2NMG/S5ST32O914";
        let other = "SHA256:T6ZAu255piQuniuNRUp3rABUbM9qt1U4Z/Fgc245Blk";
        assert_eq!(
            found(&format!("ssh-ed25519 {KEY} ada@laptop")).as_deref(),
            Some(ours)
        );
        let options = "command=\"echo ssh-rsa \\\" x\",no-pty ";
        let line = format!("{options}ecdsa-sha2-nistp256 {OTHER}");
        assert_eq!(found(&line).as_deref(), Some(other));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for line in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 not base64",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
            "command=\"ssh-ed25519 AAAA\"",
            &format!("from=\"{KEY}"),
        ] {
            assert_eq!(key(line), None, "{line}");
        }
    }

    #[test]
    fn paths_tell_whose_keys_they_are() {
        assert_eq!(home("root/.ssh/authorized_keys").as_deref(), Some("/root"));
        assert_eq!(
            home("home/ada/.ssh/authorized_keys2").as_deref(),
            Some("/home/ada")
        );
        assert_eq!(home("home/ada/.ssh/id_ed25519"), None);
        assert_eq!(owner_by_folder("etc/ssh/authorized_keys/ada"), Some("ada"));
        assert_eq!(owner_by_folder("etc/ssh/authorized_keys/a/b"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in "\\PC{0,80}") {
            let _ = key(&line);
        }
    }
}
