//! One request as a handler sees it, and what it answers: synchronous, with no word of HTTP's machinery.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::app::App;
use super::right::{Right, Role};
use crate::failure::{Failure, Sort};
use crate::home::By;

/// What handlers give.
pub type Answer = Result<Reply, Trouble>;

/// Whoever comes with a session or a token.
#[derive(Clone, Debug)]
pub struct Who {
    /// Actor's identifier, as the log knows it.
    pub member: String,
    /// Name, for the page's corner.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// How they came.
    pub by: Means,
}

/// How somebody came in.
#[derive(Clone, Debug)]
pub enum Means {
    /// A browser's session.
    Session {
        /// Its name in the table of sessions: the hash of what the cookie holds.
        id: String,
        /// What every form must send back.
        csrf: String,
        /// Whether they proved within the last minutes who they are.
        proven: bool,
    },
    /// An API token with these rights.
    Token {
        /// What it may be used for, within the member's role.
        scopes: Vec<Right>,
    },
}

impl Who {
    /// Whether they have the right, by role and, with a token, by its scopes too.
    pub fn may(&self, right: Right) -> bool {
        let scoped = match &self.by {
            Means::Session { .. } => true,
            Means::Token { scopes, .. } => right.for_tokens() && scopes.contains(&right),
        };
        scoped && self.role.may(right)
    }

    /// Whether they proved within the last minutes who they are.
    pub fn proven(&self) -> bool {
        matches!(self.by, Means::Session { proven: true, .. })
    }
}

/// Name and value, in the order given.
pub type Pairs = Vec<(String, String)>;

/// What came with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// A form.
    Form(Pairs),
    /// JSON.
    Json(Value),
}

/// One request.
pub struct Visit {
    /// What all requests share.
    pub app: Arc<App>,
    /// Whoever comes, if they said who they are.
    pub who: Option<Who>,
    /// The path as it was asked, without the query.
    pub path: String,
    /// What stood for `{name}` in the route's path.
    pub parameters: BTreeMap<String, String>,
    /// After the question mark.
    pub query: Pairs,
    /// What came with it.
    pub body: Body,
    /// Cookies.
    pub cookies: Pairs,
    /// What the browser calls itself; empty where it does not.
    pub agent: String,
    /// The request's own name for idempotency: already bound to actor and route.
    pub once: Option<String>,
}

fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

impl Visit {
    /// What stood for `{name}` in the route's path; empty where the route has no such place.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// A value of the query that is not blank.
    pub fn asked(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A value of the form that is not blank.
    pub fn field(&self, name: &str) -> Option<&str> {
        match &self.body {
            Body::Form(pairs) => find(pairs, name),
            _ => None,
        }
    }

    /// All fields of the form, but what the door has taken.
    pub fn fields(&self) -> &[(String, String)] {
        match &self.body {
            Body::Form(pairs) => pairs,
            _ => &[],
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        find(&self.cookies, name)
    }

    /// The body of a JSON request, in its own type.
    ///
    /// # Errors
    /// When it is not as the API's description says: 422 with the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        let Body::Json(value) = &self.body else {
            return Err(Trouble::unusable("expected a JSON body"));
        };
        T::deserialize(value).map_err(|error| Trouble::unusable(error.to_string()))
    }

    /// Whoever comes.
    ///
    /// # Errors
    /// 401 where nobody said who they are; the door lets no such request to a route that asks.
    pub fn who(&self) -> Result<&Who, Trouble> {
        self.who.as_ref().ok_or_else(Trouble::nobody)
    }

    /// In whose name entries are written.
    ///
    /// # Errors
    /// As [`Visit::who`].
    pub fn by(&self) -> Result<By<'_>, Trouble> {
        let who = self.who()?;
        Ok(By {
            once: self.once.as_deref(),
            ..By::actor(&who.member)
        })
    }
}

/// What a request is answered with.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beyond those the door puts on everything.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub content: Content,
}

/// Writes a long body piece by piece.
pub type Writer = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// A body.
pub enum Content {
    /// Bytes that are there.
    Bytes(Vec<u8>),
    /// Bytes of the program itself.
    Static(&'static [u8]),
    /// Bytes that are written as they are read.
    Stream(Writer),
}

impl Reply {
    fn new(status: u16, kind: &str, content: Content) -> Self {
        Reply {
            status,
            headers: vec![("content-type", kind.to_owned())],
            content,
        }
    }

    /// A page.
    pub fn page(html: String) -> Self {
        Reply::new(
            200,
            "text/html; charset=utf-8",
            Content::Bytes(html.into_bytes()),
        )
    }

    /// A value as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        // Our own types have text for keys, so this cannot fail; if it did, null says that it did.
        let bytes = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        Reply::new(200, "application/json", Content::Bytes(bytes))
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Reply::new(
            200,
            "text/plain; charset=utf-8",
            Content::Bytes(text.into().into_bytes()),
        )
    }

    /// Bytes of another type.
    pub fn bytes(kind: &str, bytes: Vec<u8>) -> Self {
        Reply::new(200, kind, Content::Bytes(bytes))
    }

    /// A part of the program itself.
    pub fn part(kind: &str, bytes: &'static [u8]) -> Self {
        Reply::new(200, kind, Content::Static(bytes))
    }

    /// A file to be kept, written as it is read.
    pub fn download(kind: &str, name: &str, writer: Writer) -> Self {
        Reply::new(200, kind, Content::Stream(writer)).header(
            "content-disposition",
            format!("attachment; filename=\"{name}\""),
        )
    }

    /// After a write: look there.
    pub fn see(place: impl Into<String>) -> Self {
        Reply {
            status: 303,
            headers: vec![("location", place.into())],
            content: Content::Static(b""),
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why a request was not answered as asked. Two messages: one for the person, one for the log.
/// Neither holds secrets or personal data.
#[derive(Debug)]
pub struct Trouble {
    /// HTTP status.
    pub status: u16,
    /// A few words, the same for every trouble of the kind.
    pub title: &'static str,
    /// What happened, for the person.
    pub detail: String,
    /// What to do next.
    pub hint: Option<String>,
    /// More, for the server's log only.
    pub log: Option<String>,
    /// Seconds after which to try again.
    pub retry_after: Option<u16>,
    /// The fields of what was given that are wrong, each with what is wrong with it.
    pub fields: Vec<(String, String)>,
}

impl Trouble {
    /// A trouble of that status.
    pub fn new(status: u16, title: &'static str, detail: impl Into<String>) -> Self {
        Trouble {
            status,
            title,
            detail: detail.into(),
            hint: None,
            log: None,
            retry_after: None,
            fields: Vec::new(),
        }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with more for the server's log.
    #[must_use]
    pub fn log(mut self, log: impl std::fmt::Display) -> Self {
        self.log = Some(log.to_string());
        self
    }

    /// 400: the request itself is not well formed.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Trouble::new(400, "The request could not be read", detail)
    }

    /// 401: nobody said who they are.
    pub fn nobody() -> Self {
        Trouble::new(
            401,
            "Please sign in",
            "This needs somebody who is signed in.",
        )
    }

    /// 403: not for them.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Trouble::new(403, "Not yours to do", detail)
    }

    /// 404: there is no such thing.
    pub fn missing(detail: impl Into<String>) -> Self {
        Trouble::new(404, "Not found", detail)
    }

    /// 409: it does not go with what stands now.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Trouble::new(409, "It does not go with what stands now", detail)
    }

    /// 422: understood, and not usable.
    pub fn unusable(detail: impl Into<String>) -> Self {
        Trouble::new(422, "There is a problem", detail)
    }

    /// 500: ours.
    pub fn ours(log: impl std::fmt::Display) -> Self {
        Trouble::new(
            500,
            "Something went wrong here",
            "Nothing was half-written. The server's log has the details.",
        )
        .log(log)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let (hint, fields) = (failure.hint, failure.fields);
        let trouble = match failure.sort {
            Sort::Usage => Trouble::unusable(failure.message),
            Sort::Configuration | Sort::Source => Trouble::conflict(failure.message),
            Sort::Integrity | Sort::Bug => Trouble::ours(failure.message),
        };
        Trouble {
            hint,
            fields,
            ..trouble
        }
    }
}

impl From<standing_assess::index::IndexError> for Trouble {
    fn from(error: standing_assess::index::IndexError) -> Self {
        Trouble::ours(error)
    }
}

impl From<standing_vault::ReadError> for Trouble {
    fn from(error: standing_vault::ReadError) -> Self {
        Trouble::ours(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Trouble::ours(error)
    }
}
