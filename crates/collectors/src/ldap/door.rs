//! The way into a directory.
//!
//! *Architecture invariant:* a password goes to a server only over TLS whose certificate is believed, or to
//! this machine; what a server says of an error is never repeated, only its code.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{LdapConn, LdapConnSettings, LdapError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use standing_facts::GapCode;

use crate::{FetchError, Line};

/// Longest time for reaching the server.
const REACH: Duration = Duration::from_secs(20);
/// Longest time for one answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Checks an address: encrypted, or on this machine. Gives it as it is dialled.
fn place(url: &str, starttls: bool) -> Result<(String, bool), FetchError> {
    let odd = |why: &str| FetchError::system(GapCode::Malformed, format!("url: {why}"));
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    if port.is_some_and(|p| p.parse::<u16>().is_err()) {
        return Err(odd("expected a port's number"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return Err(odd("expected a host, and no user, path or options"));
    }
    let encrypted = match scheme {
        "ldaps" => true,
        "ldap" if starttls => true,
        "ldap" if crate::http::is_here(host) => false,
        "ldap" => {
            let why = "expected ldaps, or starttls = \"yes\"; plain ldap is for this machine only";
            return Err(odd(why));
        }
        _ => return Err(odd("expected ldaps://HOST:PORT")),
    };
    Ok((format!("{scheme}://{rest}"), encrypted))
}

impl Line<'_> {
    /// A session with the directory that the settings name, signed in.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let the account in.
    pub(super) fn ldap(&mut self) -> Result<LdapConn, FetchError> {
        let settings = self.settings();
        let starttls = match settings.value("starttls") {
            "yes" => true,
            "no" | "" => false,
            _ => {
                let why = "starttls: expected yes or no";
                return Err(FetchError::system(GapCode::Malformed, why));
            }
        };
        let (url, encrypted) = place(settings.value("url"), starttls)?;
        let who = settings.value("bind_dn").to_owned();
        if who.is_empty() {
            let why = "bind_dn: expected the account that asks";
            return Err(FetchError::system(GapCode::Denied, why));
        }
        let ca = settings.value("ca_file").to_owned();
        let password = self.needed_secret("password")?;
        let mut connection = LdapConnSettings::new()
            .set_conn_timeout(REACH)
            .set_starttls(starttls && url.starts_with("ldap:"));
        if encrypted {
            let config = believed(&self.root.folder.join(&ca), &ca)?;
            connection = connection.set_config(config);
        }
        self.progress(&url);
        let mut session =
            LdapConn::with_settings(connection, &url).map_err(|e| unreached(&url, &e))?;
        let answer = session
            .with_timeout(PATIENCE)
            .simple_bind(&who, password.reveal())
            .map_err(|e| unreached(&url, &e))?;
        if answer.rc == 0 {
            return Ok(session);
        }
        let code = match answer.rc {
            51 | 52 => GapCode::Unreachable,
            2 | 34 => GapCode::Malformed,
            _ => GapCode::Denied,
        };
        let why = format!(
            "{url}: it does not let the account in (result {})",
            answer.rc
        );
        Err(FetchError::system(code, why))
    }
}

fn believed(file: &Path, shown: &str) -> Result<Arc<ClientConfig>, FetchError> {
    let cannot = |why: &str| {
        let why = format!("ca_file {shown}: {why}; expected a PEM file of certificates");
        FetchError::system(GapCode::Denied, why)
    };
    let mut roots = RootCertStore::empty();
    if shown.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        let pem = std::fs::read(file).map_err(|e| cannot(&e.kind().to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| cannot("it cannot be read"))?;
            let added = roots.add(certificate);
            added.map_err(|_| cannot("it cannot be read"))?;
        }
        if roots.is_empty() {
            return Err(cannot("there is no certificate in it"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| FetchError::system(GapCode::Malformed, "TLS cannot be spoken"))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

fn unreached(url: &str, error: &LdapError) -> FetchError {
    let why = match error {
        LdapError::Timeout { .. } => "no answer (timeout)",
        LdapError::Rustls { .. } | LdapError::DNSName { .. } => "its certificate is not believed",
        LdapError::Io { source } if source.kind() == std::io::ErrorKind::InvalidData => {
            "its certificate is not believed, or it does not speak TLS"
        }
        LdapError::LdapResult { .. } => "it refuses starttls",
        _ => "no answer (connection)",
    };
    FetchError::system(GapCode::Unreachable, format!("{url}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_machine_encrypted_or_not_at_all() {
        for (url, starttls, encrypted) in [
            ("ldaps://dc1.example.test", false, true),
            ("ldaps://dc1.example.test:3269/", false, true),
            ("ldap://dc1.example.test", true, true),
            ("ldap://127.0.0.1:3890", false, false),
            ("ldap://[::1]", false, false),
        ] {
            assert_eq!(place(url, starttls).unwrap().1, encrypted, "{url}");
        }
        for url in [
            "ldap://dc1.example.test",
            "ldap://",
            "dc1.example.test",
            "https://dc1.example.test",
            "ldaps://dc1.example.test:many",
            "ldaps://ada:secret@dc1.example.test",
            "ldaps://dc1.example.test/dc=example",
        ] {
            let error = place(url, false).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
