//! `[notify]`: who is told when something turns, lapses or goes silent, and by what way.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::civil::Time;
use lettre::message::Mailbox;
use toml::de::{DeTable, DeValue};

use super::Reader;

/// The validated section. Without a channel nobody is told anything, and nothing is written.
#[derive(Clone, Debug)]
pub struct Notify {
    /// How many days ahead it is told that something lapses.
    pub lapse_days: i64,
    /// With how many days left it is told that a fix is due, the most first. One that is late is told of
    /// in any case.
    pub fix_days: Vec<i64>,
    /// Policies by whose deadlines; `None`: by every one.
    pub fix_policies: Option<Vec<String>>,
    /// Hours without a complete reading after which a source counts as silent, where the file says so;
    /// otherwise twice the source's pace.
    pub silent_after_hours: Option<i64>,
    /// Time of day, Europe/London, of the digest.
    pub digest_at: Time,
    /// E-mail.
    pub email: Option<Email>,
    /// Webhooks, each with a name of its own.
    pub webhooks: Vec<Webhook>,
}

impl Default for Notify {
    fn default() -> Self {
        Notify {
            lapse_days: 30,
            fix_days: vec![7, 3, 1],
            fix_policies: None,
            silent_after_hours: None,
            digest_at: Time::constant(8, 0, 0, 0),
            email: None,
            webhooks: Vec::new(),
        }
    }
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp+starttls://`: TLS is demanded before anything is said.
    StartTls,
    /// `smtp://`: none, on loopback only.
    None,
}

/// `[notify.email]`.
#[derive(Clone, Debug)]
pub struct Email {
    /// How the connection is protected.
    pub protection: Protection,
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who writes.
    pub from: Mailbox,
    /// Who is written to.
    pub to: Vec<Mailbox>,
    /// Name by which the server knows us.
    pub user: Option<String>,
    /// File of the password that goes with it.
    pub password_file: Option<PathBuf>,
    /// File of certificates, PEM, that are trusted beside the system's own.
    pub ca_file: Option<PathBuf>,
}

/// In what form a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Our own, for programs.
    Json,
    /// Slack's incoming webhooks: text and blocks.
    Slack,
    /// A Teams workflow: an Adaptive Card.
    Teams,
}

/// Where a webhook goes. With Slack and Teams the address itself is the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The address.
    Url(String),
    /// File that holds the address.
    File(PathBuf),
}

/// `[[notify.webhook]]`.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its name in the log: what was told is kept by it.
    pub name: String,
    /// Where it goes.
    pub place: Place,
    /// File of the secret by which bodies are signed.
    pub secret_file: Option<PathBuf>,
    /// In what form.
    pub template: Template,
}

/// Whether a webhook may go there: by TLS, or without on loopback.
pub fn may_go_to(url: &str) -> bool {
    let after = |scheme: &str| {
        let rest = url.strip_prefix(scheme)?;
        let authority = rest.split(['/', '?', '#']).next()?;
        (!authority.is_empty() && !authority.contains(['@', ' '])).then_some(authority)
    };
    if after("https://").is_some() {
        return true;
    }
    after("http://").is_some_and(|authority| {
        let host = match authority.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        loopback(host)
    })
}

fn loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl<'t> Reader<'t> {
    /// Reads `[notify]`.
    pub(super) fn notify(&mut self, file: &DeTable<'t>) -> Notify {
        let usual = Notify::default();
        let Some(table) = self.table(file, "notify") else {
            return usual;
        };
        let known = [
            "lapse_days",
            "fix_days",
            "fix_policies",
            "silent_after_hours",
            "digest_at",
            "email",
            "webhook",
        ];
        self.known(table, "[notify]", &known);
        let digest_at = self.text(table, "digest_at").map(|text| {
            let time = (text.len() == 5)
                .then(|| text.parse::<Time>().ok())
                .flatten();
            time.unwrap_or_else(|| {
                self.wrong(table, "digest_at", "a time of day as \"08:00\"");
                usual.digest_at
            })
        });
        Notify {
            lapse_days: self
                .number(table, "lapse_days", 1..=366)
                .unwrap_or(usual.lapse_days),
            fix_days: self.fix_days(table).unwrap_or(usual.fix_days),
            fix_policies: self.fix_policies(table),
            silent_after_hours: self.number(table, "silent_after_hours", 1..=17_568),
            digest_at: digest_at.unwrap_or(usual.digest_at),
            email: self.email(table),
            webhooks: self.webhooks(table),
        }
    }

    /// The days of the list, the most first.
    fn fix_days(&mut self, table: &DeTable<'t>) -> Option<Vec<i64>> {
        let value = table.get("fix_days")?;
        let day = |one: &DeValue<'_>| match one {
            DeValue::Integer(n) => n.to_string().parse().ok().filter(|n| (0..=366).contains(n)),
            _ => None,
        };
        let days: Option<BTreeSet<i64>> = match value.get_ref() {
            DeValue::Array(list) => list.iter().map(|one| day(one.get_ref())).collect(),
            _ => None,
        };
        if days.is_none() {
            let expected = "a list of whole numbers from 0 to 366 as [7, 3, 1]";
            self.wrong(table, "fix_days", expected);
        }
        days.map(|days| days.into_iter().rev().collect())
    }

    fn fix_policies(&mut self, table: &DeTable<'t>) -> Option<Vec<String>> {
        table.get("fix_policies")?;
        let names = self.texts(table, "fix_policies");
        if names.is_empty() || names.iter().any(|(_, name)| name.is_empty()) {
            self.wrong(
                table,
                "fix_policies",
                "the names of policies as [\"Cyber Essentials\"]; without the line it is every policy",
            );
        }
        Some(names.into_iter().map(|(_, name)| name).collect())
    }

    fn wrong(&mut self, table: &DeTable<'t>, name: &str, expected: &str) {
        let at = table.get(name).map_or(0, |v| v.span().start);
        self.mistake(at, format!("{name}: expected {expected}"), None);
    }

    fn email(&mut self, notify: &DeTable<'t>) -> Option<Email> {
        let at = notify.get_key_value("email")?.0.span().start;
        let table = self.table(notify, "email")?;
        let known = ["smtp", "from", "to", "user", "password_file", "ca_file"];
        self.known(table, "[notify.email]", &known);
        for name in ["smtp", "from", "to"] {
            if table.get(name).is_none() {
                self.mistake(at, format!("[notify.email] has no {name}"), None);
            }
        }
        let to = self.addressees(table);
        let from = self.mailbox(table, "from");
        let user = self.text(table, "user");
        let password_file = self.text(table, "password_file").map(PathBuf::from);
        if user.is_some() != password_file.is_some() {
            let what = "user and password_file: expected both or neither";
            self.mistake(at, what, None);
        }
        let (protection, host, port) = self.server(table)?;
        Some(Email {
            protection,
            host,
            port,
            from: from?,
            to,
            user,
            password_file,
            ca_file: self.text(table, "ca_file").map(PathBuf::from),
        })
    }

    fn addressees(&mut self, table: &DeTable<'t>) -> Vec<Mailbox> {
        let mut found = Vec::new();
        let texts = self.texts(table, "to");
        if texts.is_empty() && table.get("to").is_some() {
            self.wrong(table, "to", "at least one address");
        }
        for (at, text) in texts {
            match text.parse() {
                Ok(mailbox) => found.push(mailbox),
                Err(_) => {
                    let what = format!("to: {text:?}: expected an address as siro@example.org");
                    self.mistake(at, what, None);
                }
            }
        }
        found
    }

    fn mailbox(&mut self, table: &DeTable<'t>, name: &str) -> Option<Mailbox> {
        let mailbox = self.text(table, name)?.parse().ok();
        if mailbox.is_none() {
            self.wrong(table, name, "an address as standing@example.org");
        }
        mailbox
    }

    fn server(&mut self, table: &DeTable<'t>) -> Option<(Protection, String, u16)> {
        let text = self.text(table, "smtp")?;
        let ways = [
            ("smtps://", Protection::Tls, 465),
            ("smtp+starttls://", Protection::StartTls, 587),
            ("smtp://", Protection::None, 25),
        ];
        let found = ways.iter().find_map(|(scheme, protection, usual)| {
            let rest = text.strip_prefix(scheme)?.trim_end_matches('/');
            let (host, port) = match rest.rsplit_once(':') {
                Some((host, port)) => (host, port.parse().ok()?),
                None => (rest, *usual),
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
            let well = !host.is_empty() && host.chars().all(plain);
            well.then(|| (*protection, host.to_owned(), port))
        });
        match &found {
            None => self.wrong(
                table,
                "smtp",
                "\"smtps://HOST:465\" or \"smtp+starttls://HOST:587\", without user and password",
            ),
            Some((Protection::None, host, _)) if !loopback(host) => self.wrong(
                table,
                "smtp",
                "TLS (smtps:// or smtp+starttls://): smtp:// is for this machine alone",
            ),
            Some(_) => {}
        }
        found
    }

    fn webhooks(&mut self, notify: &DeTable<'t>) -> Vec<Webhook> {
        let Some(value) = notify.get("webhook") else {
            return Vec::new();
        };
        let DeValue::Array(list) = value.get_ref() else {
            let what = "webhook: expected tables [[notify.webhook]]";
            self.mistake(value.span().start, what, None);
            return Vec::new();
        };
        let mut found: Vec<Webhook> = Vec::new();
        for (n, one) in list.iter().enumerate() {
            let at = one.span().start;
            let DeValue::Table(table) = one.get_ref() else {
                self.mistake(at, "webhook: expected tables [[notify.webhook]]", None);
                continue;
            };
            let Some(webhook) = self.webhook(table, at, n) else {
                continue;
            };
            if found.iter().any(|w| w.name == webhook.name) {
                let what = format!("webhook {:?} is there twice: name each", webhook.name);
                self.mistake(at, what, None);
            }
            found.push(webhook);
        }
        found
    }

    fn webhook(&mut self, table: &DeTable<'t>, at: usize, n: usize) -> Option<Webhook> {
        let known = ["name", "url", "url_file", "secret_file", "template"];
        self.known(table, "[[notify.webhook]]", &known);
        let name = self.text(table, "name").unwrap_or_else(|| match n {
            0 => "webhook".into(),
            n => format!("webhook-{}", n + 1),
        });
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name == "email" || !name.chars().all(plain) {
            self.wrong(
                table,
                "name",
                "lower-case letters, digits and hyphens, and not \"email\"",
            );
        }
        let url = self.text(table, "url");
        let file = self.text(table, "url_file").map(PathBuf::from);
        let place = match (url, file) {
            (Some(url), None) => {
                if !may_go_to(&url) {
                    self.wrong(table, "url", "https://…, or http://… on this machine");
                }
                Some(Place::Url(url))
            }
            (None, Some(file)) => Some(Place::File(file)),
            _ => {
                let what = "[[notify.webhook]]: expected url or url_file, and not both";
                self.mistake(at, what, None);
                None
            }
        };
        let template = match self.text(table, "template").as_deref() {
            None | Some("json") => Template::Json,
            Some("slack") => Template::Slack,
            Some("teams") => Template::Teams,
            Some(_) => {
                self.wrong(table, "template", "\"json\", \"slack\" or \"teams\"");
                Template::Json
            }
        };
        Some(Webhook {
            name,
            place: place?,
            secret_file: self.text(table, "secret_file").map(PathBuf::from),
            template,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn mistakes(text: &str) -> String {
        Config::parse(text).map_or_else(|f| f.message, |_| String::new())
    }

    const FULL: &str = "\
[notify]
lapse_days = 14
fix_days = [1, 5, 1]
fix_policies = [\"DSPT\", \"Ours\"]
silent_after_hours = 72
digest_at = \"07:30\"

[notify.email]
smtp = \"smtp+starttls://mail.example.org\"
from = \"Standing <standing@example.org>\"
to = [\"siro@example.org\"]
user = \"standing\"
password_file = \"keys/mail\"

[[notify.webhook]]
url = \"https://hooks.example.org/standing\"
secret_file = \"keys/hook\"

[[notify.webhook]]
name = \"team\"
url_file = \"keys/teams\"
template = \"teams\"
";

    #[test]
    fn the_whole_section_is_understood() {
        let notify = Config::parse(FULL).unwrap().notify;
        assert_eq!(notify.lapse_days, 14);
        assert_eq!(notify.fix_days, [5, 1]);
        assert_eq!(notify.fix_policies.unwrap(), ["DSPT", "Ours"]);
        assert_eq!(notify.silent_after_hours, Some(72));
        assert_eq!(notify.digest_at, Time::constant(7, 30, 0, 0));
        let email = notify.email.unwrap();
        assert_eq!(email.protection, Protection::StartTls);
        assert_eq!((email.host.as_str(), email.port), ("mail.example.org", 587));
        let names: Vec<&str> = notify.webhooks.iter().map(|w| w.name.as_str()).collect();
        assert_eq!(names, ["webhook", "team"]);
        assert_eq!(notify.webhooks[1].place, Place::File("keys/teams".into()));
    }

    #[test]
    fn without_a_section_nobody_is_told() {
        let notify = Config::parse("").unwrap().notify;
        assert!(notify.email.is_none() && notify.webhooks.is_empty());
    }

    #[test]
    fn every_mistake_is_named() {
        for (text, expected) in [
            (
                "[notify]\ndigest_at = \"8\"",
                "line 2: digest_at: expected a time",
            ),
            (
                "[notify]\nlapse_days = 0",
                "lapse_days: expected a whole number",
            ),
            (
                "[notify]\nfix_days = [7, -1]",
                "line 2: fix_days: expected a list of whole numbers",
            ),
            (
                "[notify]\nfix_days = 7",
                "fix_days: expected a list of whole numbers",
            ),
            (
                "[notify]\nfix_policies = []",
                "fix_policies: expected the names of policies",
            ),
            ("[notify]\npassword = \"x\"", "unknown field \"password\""),
            (
                "[notify.email]\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]",
                "has no smtp",
            ),
            (
                "[notify.email]\nsmtp = \"smtp://mail.example.org\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]",
                "smtp:// is for this machine alone",
            ),
            (
                "[notify.email]\nsmtp = \"smtps://user:pass@mail.example.org\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]",
                "without user and password",
            ),
            (
                "[notify.email]\nsmtp = \"smtps://mail.example.org\"\nfrom = \"a\"\nto = [\"b\"]",
                "to: \"b\": expected an address",
            ),
            (
                "[notify.email]\nsmtp = \"smtps://mail.example.org\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]\nuser = \"u\"",
                "expected both or neither",
            ),
            (
                "[[notify.webhook]]\nurl = \"http://hooks.example.org\"",
                "url: expected https://",
            ),
            (
                "[[notify.webhook]]\nurl = \"https://me:secret@example.org\"",
                "url: expected https://",
            ),
            (
                "[[notify.webhook]]\ntemplate = \"json\"",
                "expected url or url_file",
            ),
            (
                "[[notify.webhook]]\nurl = \"https://a.example\"\ntemplate = \"irc\"",
                "template: expected",
            ),
            (
                "[[notify.webhook]]\nname = \"a\"\nurl = \"https://a.example\"\n[[notify.webhook]]\nname = \"a\"\nurl = \"https://b.example\"",
                "is there twice",
            ),
        ] {
            assert!(
                mistakes(text).contains(expected),
                "{text}\n{}",
                mistakes(text)
            );
        }
    }

    #[test]
    fn without_tls_only_to_this_machine() {
        for (url, may) in [
            ("https://hooks.example.org/x", true),
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/x", true),
            ("http://localhost", true),
            ("http://localhost.example.org/", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://10.0.0.1/", false),
            ("https://", false),
            ("ftp://localhost/", false),
        ] {
            assert_eq!(may_go_to(url), may, "{url}");
        }
    }
}
