//! A home with a demonstration in it, and somebody of each role.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use jiff::Timestamp;
use tower::ServiceExt as _;

use crate::home::By;
use crate::serve::app::App;
use crate::serve::members::{self, NewMember};
use crate::serve::right::{Right, Role};
use crate::serve::{door, session};

/// A server without a network.
pub struct Served {
    _folder: tempfile::TempDir,
    /// What all requests share.
    pub app: Arc<App>,
    router: axum::Router,
    /// Member and cookie of each role.
    people: BTreeMap<Role, (String, String)>,
}

/// What came back.
pub struct Came {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: axum::http::HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Came {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// Where it sends.
    pub fn place(&self) -> &str {
        self.headers
            .get("location")
            .map_or("", |v| v.to_str().unwrap())
    }
}

impl Served {
    /// The demonstration, judged, with a member of each role signed in.
    pub fn demo() -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::demo::make(folder.path(), 1).unwrap();
        Served::of(folder)
    }

    /// The home in `folder`.
    pub fn of(folder: tempfile::TempDir) -> Self {
        let app = Arc::new(App::open(folder.path(), None).unwrap());
        let mut people = BTreeMap::new();
        for role in Role::ALL {
            let name = format!("The {role}");
            let mut id = String::new();
            let new = NewMember {
                name: &name,
                email: "",
                identity: None,
            };
            app.act(By::KEYBOARD, |home, index| {
                let (member, entries) = members::joins(home, &new, *role)?;
                id = member;
                members::keep(home, index, By::KEYBOARD, entries)
            })
            .unwrap();
            let shown = app
                .sessions
                .begin(&id, "passkey", "test", Timestamp::now())
                .unwrap();
            people.insert(*role, (id, shown));
        }
        app.judge_now().unwrap();
        Served {
            router: door::router(Arc::clone(&app)),
            _folder: folder,
            app,
            people,
        }
    }

    /// Identifier of the member of a role.
    pub fn member(&self, role: Role) -> &str {
        &self.people[&role].0
    }

    /// The session of the member of a role.
    pub fn session(&self, role: Role) -> session::Session {
        let shown = &self.people[&role].1;
        let found = self.app.sessions.find(shown, Timestamp::now());
        found.unwrap().unwrap()
    }

    /// A new token of the member of a role.
    pub fn token(&self, role: Role, scopes: &[Right]) -> String {
        let mut shown = String::new();
        let expires = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        self.app
            .act(By::KEYBOARD, |home, index| {
                let (token, entries) =
                    members::new_token(home, self.member(role), "test", scopes, expires)?;
                shown = token;
                members::keep(home, index, By::KEYBOARD, entries)
            })
            .unwrap();
        shown
    }

    /// Asks, as somebody of a role or as nobody.
    pub fn get(&self, role: Option<Role>, path: &str) -> Came {
        self.send(self.request(role, "GET", path).body(Body::empty()).unwrap())
    }

    /// Sends a form, as a browser would that has the page before it.
    pub fn post(&self, role: Option<Role>, path: &str, fields: &[(&str, &str)]) -> Came {
        let csrf = role.map_or(String::new(), |r| self.session(r).csrf);
        let mut all = vec![(door::CSRF, csrf.as_str())];
        all.extend(fields);
        let request = self
            .request(role, "POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(door::encode(&all)))
            .unwrap();
        self.send(request)
    }

    /// A request with the cookie of somebody of a role.
    pub fn request(
        &self,
        role: Option<Role>,
        method: &str,
        path: &str,
    ) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match role {
            Some(role) => request.header("cookie", format!("standing={}", self.people[&role].1)),
            None => request,
        }
    }

    /// Sends a request through the door.
    pub fn send(&self, request: Request<Body>) -> Came {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap();
            Came {
                status: head.status.as_u16(),
                headers: head.headers,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }
}
