//! TLS by the firm's own certificate: rustls with ring, 1.2 and later. The files are looked at again
//! each minute, because whoever renews a certificate only replaces them.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::failure::Failure;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// Certificate and key in force, and the files they came from.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
    /// The files as they were when they were last taken up.
    seen: [Option<Stamp>; 2],
}

/// What differs when a file was replaced: device, inode, length, seconds and nanoseconds.
type Stamp = (u64, u64, u64, i64, i64);

impl Tls {
    /// Takes up the files.
    ///
    /// # Errors
    /// When one cannot be read, is not PEM, or the key is not that of the certificate.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, Failure> {
        let seen = [stamp(&certificate), stamp(&key)];
        let config = RustlsConfig::from_config(read(&certificate, &key)?);
        Ok(Tls {
            certificate,
            key,
            config,
            seen,
        })
    }

    /// What the listener asks at each handshake.
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Takes up the files again if they were replaced; whether they were. Connections that stand are
    /// not touched.
    ///
    /// # Errors
    /// When they cannot be used: what was in force stays so, and the next look tries again.
    pub fn look(&mut self) -> Result<bool, Failure> {
        let now = [stamp(&self.certificate), stamp(&self.key)];
        if now == self.seen {
            return Ok(false);
        }
        self.config
            .reload_from_config(read(&self.certificate, &self.key)?);
        self.seen = now;
        Ok(true)
    }

    /// Looks again and again.
    pub async fn keep_looking(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let looking = tokio::task::spawn_blocking(move || {
                match self.look() {
                    Ok(true) => tracing::info!("the certificate was renewed"),
                    Ok(false) => {}
                    Err(failure) => {
                        tracing::error!(%failure, "the certificate before stays in force");
                    }
                }
                self
            });
            match looking.await {
                Ok(tls) => self = tls,
                Err(_) => return,
            }
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(file).ok()?;
    Some((
        meta.dev(),
        meta.ino(),
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec(),
    ))
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let cannot = |name: &str, file: &Path, why: String| {
        Failure::configuration(format!("cannot use {name} {}: {why}", file.display()))
            .hint("both are PEM files: the chain of certificates, and its key")
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| cannot("tls_certificate", certificate, error.to_string()))?;
    if chain.is_empty() {
        let why = "there is no certificate in it".to_owned();
        return Err(cannot("tls_certificate", certificate, why));
    }
    private(key)?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| cannot("tls_key", key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Failure::integrity)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                let why = format!("it is not the key of {}", certificate.display());
                cannot("tls_key", key, why)
            }
            other => cannot("tls_certificate", certificate, other.to_string()),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A key that everybody on the machine may read is refused; a group may, as Debian's `ssl-cert` does.
fn private(key: &Path) -> Result<(), Failure> {
    let mode = std::fs::metadata(key).map_or(0, |meta| meta.mode() & 0o7777);
    if mode & 0o007 == 0 {
        return Ok(());
    }
    let shown = key.display();
    let what =
        format!("cannot use tls_key {shown}: found mode {mode:04o}, which lets everybody in");
    Err(Failure::configuration(what).hint(format!("chmod o= {shown}")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    /// A folder with `NAME.pem` and `NAME.key` for each name; `None`, and says so, without `openssl`.
    fn made(names: &[&str]) -> Option<tempfile::TempDir> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let made = Command::new("openssl")
                .args(
                    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                        .split(' '),
                )
                .args(["-subj", "/CN=localhost", "-keyout", &format!("{name}.key")])
                .args(["-out", &format!("{name}.pem")])
                .current_dir(folder.path())
                .output();
            let Ok(made) = made else {
                eprintln!("skipped: openssl not found");
                return None;
            };
            assert!(made.status.success());
        }
        Some(folder)
    }

    fn put(folder: &Path, from: &str, to: &str) {
        std::fs::copy(folder.join(from), folder.join("next")).unwrap();
        std::fs::rename(folder.join("next"), folder.join(to)).unwrap();
    }

    #[test]
    fn replaced_files_are_taken_up_and_half_replaced_ones_are_not() {
        let Some(folder) = made(&["old", "new"]) else {
            return;
        };
        let folder = folder.path();
        put(folder, "old.pem", "use.pem");
        put(folder, "old.key", "use.key");
        let mut tls = Tls::open(folder.join("use.pem"), folder.join("use.key")).unwrap();
        let first = tls.config().get_inner();
        assert!(!tls.look().unwrap());
        assert!(Arc::ptr_eq(&first, &tls.config().get_inner()));
        put(folder, "new.pem", "use.pem");
        assert!(tls.look().is_err());
        assert!(Arc::ptr_eq(&first, &tls.config().get_inner()));
        put(folder, "new.key", "use.key");
        assert!(tls.look().unwrap());
        assert!(!Arc::ptr_eq(&first, &tls.config().get_inner()));
        std::fs::remove_file(folder.join("use.key")).unwrap();
        assert!(tls.look().is_err());
    }

    #[test]
    fn files_that_cannot_be_used_are_named_with_the_reason() {
        let Some(folder) = made(&["one", "two"]) else {
            return;
        };
        let at = |name: &str| folder.path().join(name);
        let why = |certificate: &str, key: &str| {
            let refused = Tls::open(at(certificate), at(key)).map(|_| ()).unwrap_err();
            refused.message
        };
        let other = why("one.pem", "two.key");
        assert!(
            other.contains("tls_key") && other.contains("it is not the key of"),
            "{other}"
        );
        assert!(why("none.pem", "one.key").contains("cannot use tls_certificate"));
        assert!(why("one.pem", "none.key").contains("cannot use tls_key"));
        assert!(why("one.key", "one.key").contains("there is no certificate in it"));
        assert!(why("one.pem", "one.pem").contains("cannot use tls_key"));
        std::fs::set_permissions(at("one.key"), PermissionsExt::from_mode(0o644)).unwrap();
        assert!(why("one.pem", "one.key").contains("found mode 0644"));
        std::fs::set_permissions(at("one.key"), PermissionsExt::from_mode(0o640)).unwrap();
        assert!(Tls::open(at("one.pem"), at("one.key")).is_ok());
    }
}
