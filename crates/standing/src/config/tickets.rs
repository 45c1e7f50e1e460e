//! `[tickets]`: where what is to go is asked for as a ticket.

use std::path::PathBuf;

use toml::de::DeTable;

use super::Reader;
use super::notify::may_go_to;

/// The tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracker {
    /// Issues of a repository on GitHub, `owner/name`.
    GitHub {
        /// The repository.
        repository: String,
    },
    /// A project in Jira.
    Jira {
        /// The project's key.
        project: String,
        /// The type of its issues.
        issue_type: String,
        /// Whose token it is, by e-mail.
        user: String,
    },
}

/// The validated section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tickets {
    /// The tracker.
    pub tracker: Tracker,
    /// Its address, without a slash at the end.
    pub url: String,
    /// File of the token.
    pub token_file: PathBuf,
    /// Whether a ticket may name the login. Otherwise it names the row, and who opens it signs in here.
    pub logins: bool,
}

impl<'t> Reader<'t> {
    /// Reads `[tickets]`; without it no ticket is made.
    pub(super) fn tickets(&mut self, file: &DeTable<'t>) -> Option<Tickets> {
        let at = file.get_key_value("tickets")?.0.span().start;
        let table = self.table(file, "tickets")?;
        let kind = self.text(table, "kind");
        let mine: &[&str] = match kind.as_deref() {
            Some("github") => &["repository"],
            Some("jira") => &["project", "issue_type", "user"],
            _ => {
                let what = "[tickets] kind: expected \"github\" or \"jira\"";
                self.mistake(at, what, None);
                return None;
            }
        };
        let known = [&["kind", "url", "token_file", "logins"][..], mine].concat();
        self.known(table, "[tickets]", &known);
        let mut needed = |name: &str| {
            let text = self.text(table, name).filter(|t| !t.trim().is_empty());
            if text.is_none() && table.get(name).is_none_or(|v| v.get_ref().is_str()) {
                self.mistake(at, format!("[tickets] has no {name}"), None);
            }
            text
        };
        let token_file = needed("token_file");
        let (tracker, url) = match kind.as_deref() {
            Some("github") => {
                let repository = needed("repository");
                let url = self.text(table, "url");
                let url = url.unwrap_or_else(|| "https://api.github.com".into());
                (
                    Tracker::GitHub {
                        repository: repository?,
                    },
                    url,
                )
            }
            _ => {
                let (url, project, user) = (needed("url"), needed("project"), needed("user"));
                let issue_type = self.text(table, "issue_type");
                let jira = Tracker::Jira {
                    project: project?,
                    issue_type: issue_type.unwrap_or_else(|| "Task".into()),
                    user: user?,
                };
                (jira, url?)
            }
        };
        let place = |text: &str, parts: usize| {
            text.split('/').count() == parts
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        };
        let wrong = match &tracker {
            _ if !may_go_to(&url) => Some("url: expected https://…"),
            Tracker::GitHub { repository } if !place(repository, 2) => {
                Some("repository: expected \"owner/name\"")
            }
            Tracker::Jira { project, .. } if !place(project, 1) => {
                Some("project: expected the project's key, as \"SEC\"")
            }
            _ => None,
        };
        if let Some(what) = wrong {
            self.mistake(at, format!("[tickets] {what}"), None);
        }
        let logins = match self.text(table, "logins").as_deref() {
            None | Some("no") => false,
            Some("yes") => true,
            Some(_) => {
                self.mistake(at, "[tickets] logins: expected \"yes\" or \"no\"", None);
                false
            }
        };
        Some(Tickets {
            tracker,
            url: url.trim_end_matches('/').to_owned(),
            token_file: token_file?.into(),
            logins,
        })
    }
}
