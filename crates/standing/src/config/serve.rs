//! `[serve]`: where the web interface listens and how people come in.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;
use toml::de::{DeTable, DeValue};

use super::{Oidc, Reader};
use crate::serve::session::Limits;

/// Where `standing serve` listens if nothing else is said.
const LISTEN: &str = "127.0.0.1:8080";

/// The validated section.
#[derive(Clone, Debug)]
pub struct Serve {
    /// Address and port.
    pub listen: SocketAddr,
    /// What people type: scheme, host and port, without a path. Passkeys are bound to its host.
    pub public_url: String,
    /// Files of certificate chain and key, PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Networks of proxies whose word on the asker's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The identity provider, where people come in by one.
    pub oidc: Option<Oidc>,
    /// Collector of traces, OTLP over HTTP, without `/v1/traces`.
    pub otlp_endpoint: Option<String>,
    /// Seconds in which the head of a request must have arrived.
    pub header_seconds: u32,
    /// Seconds in which the body of a request must have arrived.
    pub body_seconds: u32,
    /// Minutes without a request after which a session ends.
    pub session_idle_minutes: i64,
    /// Hours after which a session ends in any case.
    pub session_hours: i64,
}

impl Default for Serve {
    fn default() -> Self {
        let listen: SocketAddr = ([127, 0, 0, 1], 8080).into();
        Serve {
            listen,
            public_url: usual_url(listen, false),
            tls: None,
            trusted_proxies: Vec::new(),
            oidc: None,
            header_seconds: 10,
            body_seconds: 15,
            otlp_endpoint: None,
            session_idle_minutes: 30,
            session_hours: 10,
        }
    }
}

/// The URL of a server that nobody named: `localhost`, because passkeys need a name, not a number.
fn usual_url(listen: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://localhost:{}", listen.port())
}

impl Serve {
    /// Whether people reach the server by TLS, its own or a proxy's.
    pub fn secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether a page of this origin is ours.
    pub fn is_origin(&self, origin: &str) -> bool {
        origin.eq_ignore_ascii_case(&self.public_url)
    }

    /// Host and port of the URL.
    pub fn authority(&self) -> &str {
        self.public_url.split("://").nth(1).unwrap_or_default()
    }

    /// The host of the URL, without the port.
    pub fn host(&self) -> &str {
        let rest = self.authority();
        match rest.rsplit_once(':') {
            Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
            _ => rest,
        }
    }

    /// How long the head of a request may take to arrive.
    pub fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_seconds.into())
    }

    /// How long the body of a request may take to arrive.
    pub fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_seconds.into())
    }

    /// Whether the word of whoever has this address is believed on whom it speaks for.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|n| n.contains(&address))
    }

    /// How long sessions last.
    pub fn session_limits(&self) -> Limits {
        Limits {
            idle: SignedDuration::from_mins(self.session_idle_minutes),
            whole: SignedDuration::from_hours(self.session_hours),
            proven: SignedDuration::from_mins(5),
        }
    }

    /// Listens elsewhere than the file says.
    pub fn listen_on(&mut self, listen: SocketAddr) {
        if self.public_url == usual_url(self.listen, self.tls.is_some()) {
            self.public_url = usual_url(listen, self.tls.is_some());
        }
        self.listen = listen;
    }

    /// Why these settings would let passwords, keys and names be overheard; `None` if they do not.
    pub fn unsafe_because(&self) -> Option<&'static str> {
        if self.tls.is_some() || self.listen.ip().is_loopback() {
            return None;
        }
        if !self.trusted_proxies.is_empty() && self.secure() {
            return None;
        }
        Some("plain HTTP is served on loopback only")
    }
}

impl<'t> Reader<'t> {
    /// Reads `[serve]`.
    pub(super) fn serve(&mut self, file: &DeTable<'t>) -> Serve {
        let Some(table) = self.table(file, "serve") else {
            return Serve::default();
        };
        self.known(
            table,
            "[serve]",
            &[
                "listen",
                "public_url",
                "tls_certificate",
                "tls_key",
                "trusted_proxies",
                "oidc",
                "otlp_endpoint",
                "header_seconds",
                "body_seconds",
                "session_idle_minutes",
                "session_hours",
            ],
        );
        let listen = self.parsed(
            table,
            "listen",
            LISTEN,
            "an address and port as 127.0.0.1:8080",
        );
        let listen = listen.unwrap_or_else(|| Serve::default().listen);
        let tls = self.tls(table);
        let public_url = self.public_url(table);
        if tls.is_some()
            && public_url
                .as_ref()
                .is_some_and(|u| u.starts_with("http://"))
        {
            let at = table.get("public_url").map_or(0, |v| v.span().start);
            let what = "public_url: expected https:// where tls_certificate is set";
            self.mistake(at, what, None);
        }
        Serve {
            public_url: public_url.unwrap_or_else(|| usual_url(listen, tls.is_some())),
            listen,
            tls,
            trusted_proxies: self.proxies(table),
            oidc: self.oidc(table),
            otlp_endpoint: self.otlp_endpoint(table),
            header_seconds: self.seconds(table, "header_seconds", 10),
            body_seconds: self.seconds(table, "body_seconds", 15),
            session_idle_minutes: self
                .number(table, "session_idle_minutes", 1..=480)
                .unwrap_or(30),
            session_hours: self.number(table, "session_hours", 1..=24).unwrap_or(10),
        }
    }

    fn tls(&mut self, table: &DeTable<'t>) -> Option<(PathBuf, PathBuf)> {
        let certificate = self.text(table, "tls_certificate").map(PathBuf::from);
        let key = self.text(table, "tls_key").map(PathBuf::from);
        if certificate.is_some() != key.is_some() {
            let (name, _) = table
                .get_key_value("tls_certificate")
                .or_else(|| table.get_key_value("tls_key"))?;
            self.mistake(
                name.span().start,
                "tls_certificate and tls_key: expected both or neither",
                None,
            );
        }
        certificate.zip(key)
    }

    fn seconds(&mut self, table: &DeTable<'t>, name: &str, usual: u32) -> u32 {
        let said = self.number(table, name, 1..=120);
        said.and_then(|n| n.try_into().ok()).unwrap_or(usual)
    }

    fn public_url(&mut self, table: &DeTable<'t>) -> Option<String> {
        let text = self.text(table, "public_url")?;
        let url = text.trim_end_matches('/').to_ascii_lowercase();
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let well = rest.is_some_and(|r| {
            !r.is_empty()
                && r.chars()
                    .all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        });
        if !well {
            let at = table.get("public_url").map_or(0, |v| v.span().start);
            let what = "public_url: expected scheme and host as https://standing.example.org";
            self.mistake(at, what, None);
            return None;
        }
        Some(url)
    }

    fn otlp_endpoint(&mut self, table: &DeTable<'t>) -> Option<String> {
        let url = self.text(table, "otlp_endpoint")?;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        if rest.is_none_or(|r| r.is_empty() || r.contains(['@', ' ', '?', '#'])) {
            let at = table.get("otlp_endpoint").map_or(0, |v| v.span().start);
            let what = "otlp_endpoint: expected an address as http://collector.example.org:4318";
            self.mistake(at, what, None);
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    fn proxies(&mut self, table: &DeTable<'t>) -> Vec<IpNet> {
        let mut found = Vec::new();
        for (at, text) in self.texts(table, "trusted_proxies") {
            let network = text
                .parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) => found.push(network),
                Err(_) => self.mistake(
                    at,
                    format!(
                        "trusted_proxies: {text:?}: expected an address or network as 10.0.0.0/8"
                    ),
                    None,
                ),
            }
        }
        found
    }

    /// A text that is parsed into something else.
    pub(super) fn parsed<T: std::str::FromStr>(
        &mut self,
        table: &DeTable<'t>,
        name: &str,
        default: &str,
        expected: &str,
    ) -> Option<T> {
        let text = self.text(table, name).unwrap_or_else(|| default.to_owned());
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let at = table.get(name).map_or(0, |v| v.span().start);
            self.mistake(at, format!("{name}: expected {expected}"), None);
        }
        parsed
    }

    /// A list of texts, each with its place.
    pub(super) fn texts(&mut self, table: &DeTable<'t>, name: &str) -> Vec<(usize, String)> {
        let Some(value) = table.get(name) else {
            return Vec::new();
        };
        let DeValue::Array(list) = value.get_ref() else {
            let what = format!("{name}: expected a list as [\"…\", \"…\"]");
            self.mistake(value.span().start, what, None);
            return Vec::new();
        };
        let mut found = Vec::new();
        for one in list {
            match one.get_ref() {
                DeValue::String(text) => found.push((one.span().start, text.to_string())),
                _ => self.mistake(
                    one.span().start,
                    format!("{name}: expected text in quotes"),
                    None,
                ),
            }
        }
        found
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        table: &DeTable<'t>,
        name: &str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let value = table.get(name)?;
        let number = match value.get_ref() {
            DeValue::Integer(n) => n.to_string().parse().ok().filter(|n| bounds.contains(n)),
            _ => None,
        };
        if number.is_none() {
            let what = format!(
                "{name}: expected a whole number from {} to {}",
                bounds.start(),
                bounds.end()
            );
            self.mistake(value.span().start, what, None);
        }
        number
    }
}
