//! The certified `oidc-provider` run by node, and what a browser does on its pages.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::home::Home;
use crate::serving::{Browser, Came, Server, free_port};

/// The provider, ended when dropped.
pub struct Provider {
    child: Child,
    /// What it calls itself.
    pub issuer: String,
}

impl Provider {
    /// `None`, and says so, where node or the package is not installed.
    pub fn start(options: &Value) -> Option<Provider> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/tests");
        if !folder.join("node_modules/oidc-provider").is_dir() {
            eprintln!(
                "skipped: web/tests/node_modules is not here; `npm ci` in web/tests makes it"
            );
            return None;
        }
        let child = Command::new("node")
            .args(["provider.mjs", &options.to_string()])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: node not found");
            return None;
        };
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let issuer = line.trim().strip_prefix("listening ").unwrap().to_owned();
        Some(Provider { child, issuer })
    }

    /// Tells or asks the provider itself; see `provider.mjs`.
    pub fn control(&self, method: &str, what: &str, body: &Value) -> Value {
        let url = format!("{}/control/{what}", self.issuer);
        let came = Browser::new().send(method, &url, Some(body.to_string()));
        assert_eq!(came.status, 200, "{}", came.text);
        serde_json::from_str(&came.text).unwrap()
    }

    /// Says what the provider knows of somebody from now on.
    pub fn person(&self, login: &str, claims: Value) {
        self.control("PUT", &format!("people/{login}"), &claims);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the provider knows of the person `lead`.
pub fn lead() -> Value {
    json!({"name": "Test Lead", "email": "lead@firm.example", "groups": ["staff", "leads"],
           "amr": ["pwd", "otp"], "acr": "two"})
}

/// The provider and the server beside each other, with what is beside the usual in the settings.
pub fn both(options: Value, more: &str) -> Option<(Provider, Server)> {
    let port = free_port();
    let mut all = json!({
        "redirect": [format!("http://localhost:{port}/sign-in/oidc/back")],
        "people": {"lead": lead()},
    });
    let all_fields = all.as_object_mut().unwrap();
    all_fields.extend(options.as_object().unwrap().clone());
    let provider = Provider::start(&all)?;
    let home = Home::new();
    if let Some(secret) = options.get("secret") {
        use std::os::unix::fs::PermissionsExt;
        let file = home.write("keys/oidc.secret", secret.as_str().unwrap());
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    home.configure(&settings(&provider.issuer, more));
    Some((provider, Server::of(home, port)))
}

/// `[serve.oidc]` for a provider, with more lines in it.
pub fn settings(issuer: &str, more: &str) -> String {
    format!(
        "[serve.oidc]\nissuer = \"{issuer}\"\nname = \"Test Firm\"\nclient_id = \"standing\"\n\
         amr = [\"otp\", \"hwk\"]\n{more}\n[serve.oidc.roles]\nleads = \"lead\"\n\
         \"the board\" = \"auditor\"\n"
    )
}

/// What a browser does from the button to what Standing answers to the return.
pub fn sign_in(browser: &mut Browser, server: &Server, login: &str, query: &str) -> Came {
    let back = to_the_return(browser, server, login, query);
    browser.get(&back)
}

/// From the button to the URL by which the provider sends back.
pub fn to_the_return(browser: &mut Browser, server: &Server, login: &str, query: &str) -> String {
    let left = browser.get(&format!("{}/sign-in/oidc?{query}", server.url()));
    assert_eq!(left.status, 303, "{}", left.text);
    through(browser, left.place(), login, &[])
}

/// Through the provider's pages, from the question to the URL by which it sends back.
pub fn through(
    browser: &mut Browser,
    question: &str,
    login: &str,
    more: &[(&str, &str)],
) -> String {
    let issuer = question.split("/auth").next().unwrap().to_owned();
    let asked = browser.get(question);
    if asked.place().contains("/sign-in/oidc/back") {
        return asked.place().to_owned();
    }
    let form = [&[("login", login)], more].concat();
    let sent = browser.post(&format!("{issuer}{}", asked.place()), &form);
    assert_eq!(sent.status, 303, "{}", sent.text);
    let resumed = browser.get(sent.place());
    assert_eq!(resumed.status, 303, "{}", resumed.text);
    resumed.place().to_owned()
}
