//! Coming in by the firm's own identity provider: OpenID Connect, authorisation code with PKCE.
//!
//! Nothing of codes, tokens or names is logged. What must not be forged between leaving for the
//! provider and coming back is kept here and bound to the browser that left ([`flows`]).

mod admission;
mod flows;
mod line;
mod provider;

use std::path::Path;

use jiff::Timestamp;

use super::app::App;
use super::entrance;
use super::members::{hash, secret};
use super::right::Access;
use super::routes::Route;
use super::visit::{Answer, Means, Reply, Trouble, Visit};
use crate::config::{self, Serve};
use crate::failure::Failure;
use flows::{Flow, Flows, Proves};
use provider::{Fault, Provider, Vouched};

/// Ours.
pub const ROUTES: &[Route] = &[
    Route::get(LEAVE, Access::Public, leave),
    Route::get(BACK, Access::Public, back),
];

/// Where a sign-in by the provider begins: `?next=` is where to go afterwards, `&prove=1` asks for a
/// proof of who somebody is for the session that stands.
pub const LEAVE: &str = "/sign-in/oidc";
/// Where the provider sends people back to.
const BACK: &str = "/sign-in/oidc/back";
/// How far the provider's clock may differ from ours where the time of authentication counts, seconds.
const SKEW: i64 = 60;

/// The identity provider and the sign-ins under way.
pub struct Oidc {
    settings: config::Oidc,
    provider: Provider,
    flows: Flows,
}

impl Oidc {
    /// As configured, if it is. The provider is not asked yet.
    ///
    /// # Errors
    /// When a file of the settings cannot be used.
    pub fn open(serve: &Serve, folder: &Path) -> Result<Option<Self>, Failure> {
        let Some(settings) = serve.oidc.clone() else {
            return Ok(None);
        };
        let back = format!("{}{BACK}", serve.public_url);
        Ok(Some(Oidc {
            provider: Provider::new(settings.clone(), folder, back)?,
            settings,
            flows: Flows::default(),
        }))
    }
}

/// What the button for signing in by the provider says, where there is one. It must be a link: the
/// policy forbids forms whose answer leads elsewhere.
pub fn button(app: &App) -> Option<String> {
    app.oidc.as_ref().map(|oidc| oidc.settings.name.clone())
}

fn configured(visit: &Visit) -> Result<&Oidc, Trouble> {
    let oidc = visit.app.oidc.as_ref();
    oidc.ok_or_else(|| Trouble::missing("No identity provider is configured here."))
}

/// Sends somebody to the provider.
fn leave(visit: &Visit) -> Answer {
    let oidc = configured(visit)?;
    let proves = proves(visit)?;
    let begun = oidc
        .provider
        .begin(proves.is_some())
        .map_err(|fault| told(oidc, &fault))?;
    let now = Timestamp::now();
    let secure = visit.app.serve().secure();
    let held = visit.cookie(cookie(secure));
    let browser = match held.filter(|held| oidc.flows.knows(held, now)) {
        Some(held) => held.to_owned(),
        None => secret()?,
    };
    oidc.flows.begin(Flow {
        state: hash(&begun.state),
        browser: hash(&browser),
        nonce: begun.nonce,
        verifier: begun.verifier,
        next: entrance::local(visit.asked("next")).to_owned(),
        proves,
        began_at: now,
    });
    Ok(Reply::see(begun.place).header("set-cookie", keep(secure, &browser)))
}

/// The session that is to be proved anew, where that is asked for.
fn proves(visit: &Visit) -> Result<Option<Proves>, Trouble> {
    if visit.asked("prove").is_none() {
        return Ok(None);
    }
    let who = visit.who()?;
    match &who.by {
        Means::Session { id, .. } => Ok(Some(Proves {
            session: id.clone(),
            member: who.member.clone(),
        })),
        Means::Token { .. } => Err(Trouble::forbidden("A token cannot prove who somebody is.")),
    }
}

/// Takes up somebody whom the provider sends back.
fn back(visit: &Visit) -> Answer {
    let oidc = configured(visit)?;
    let now = Timestamp::now();
    let secure = visit.app.serve().secure();
    let flow = visit
        .asked("state")
        .zip(visit.cookie(cookie(secure)))
        .and_then(|(state, browser)| oidc.flows.take(state, browser, now))
        .ok_or_else(lost)?;
    if let Some(issuer) = visit.asked("iss")
        && issuer != oidc.settings.issuer.as_str()
    {
        return Err(lost().log("the answer came from another issuer"));
    }
    if let Some(error) = visit.asked("error") {
        return Err(not_signed_in(oidc, error));
    }
    let code = visit.asked("code").ok_or_else(lost)?;
    let vouched = oidc
        .provider
        .vouch(&flow, code)
        .map_err(|fault| told(oidc, &fault))?;
    multi_factor(&oidc.settings, &vouched)?;
    if let Some(proves) = &flow.proves {
        the_same(visit, oidc, proves, &vouched)?;
        just_now(&flow, &vouched)?;
    }
    let member = admission::admit(&visit.app, &oidc.settings, &vouched)?;
    come_in(visit, &flow, &member, now)
}

/// Proves the session that is to be proved if it still stands, and begins one otherwise.
fn come_in(visit: &Visit, flow: &Flow, member: &str, now: Timestamp) -> Answer {
    let sessions = &visit.app.sessions;
    let members = visit.app.members();
    let next = match members.members.get(member) {
        Some(member) if flow.next == "/" => entrance::first_page(member.role),
        _ => &flow.next,
    };
    let reply = Reply::see(next);
    if let Some(proves) = &flow.proves {
        let standing = sessions.of(member, now)?;
        if standing.iter().any(|s| s.id == proves.session) {
            sessions.prove(&proves.session, now)?;
            tracing::info!(member, "proved anew by the identity provider");
            return Ok(reply);
        }
    }
    let cookie = entrance::comes_in(visit, member, "identity provider")?;
    tracing::info!(member, "came in by the identity provider");
    Ok(reply.header("set-cookie", cookie))
}

/// Whether the provider says that more than a password was shown.
fn multi_factor(settings: &config::Oidc, vouched: &Vouched) -> Result<(), Trouble> {
    let by_level = settings.acr_values.is_empty()
        || vouched
            .acr
            .as_ref()
            .is_some_and(|acr| settings.acr_values.contains(acr));
    let by_method =
        settings.amr.is_empty() || settings.amr.iter().any(|amr| vouched.amr.contains(amr));
    if by_level && by_method {
        return Ok(());
    }
    let said = |words: &[String]| match words {
        [] => "nothing".to_owned(),
        _ => words.join(", "),
    };
    let came = format!(
        "{} says of how you signed in: method (amr) {}, level (acr) {}.",
        settings.name,
        said(&vouched.amr),
        vouched.acr.as_deref().unwrap_or("nothing")
    );
    let mut wanted = Vec::new();
    if !settings.amr.is_empty() {
        wanted.push(format!("method {}", settings.amr.join(" or ")));
    }
    if !settings.acr_values.is_empty() {
        wanted.push(format!("level {}", settings.acr_values.join(" or ")));
    }
    Err(Trouble::new(
        403,
        "Multi-factor authentication was not shown",
        format!(
            "{came} Standing lets nobody in without {}.",
            wanted.join(" and ")
        ),
    )
    .hint("set up a second factor at the identity provider and sign in again")
    .log("no evidence of multi-factor authentication"))
}

fn the_same(visit: &Visit, oidc: &Oidc, proves: &Proves, vouched: &Vouched) -> Result<(), Trouble> {
    let members = visit.app.members();
    let identity = members
        .members
        .get(&proves.member)
        .and_then(|member| member.identity.as_ref());
    let issuer = oidc.settings.issuer.as_str();
    match identity {
        Some((i, s)) if i == issuer && *s == vouched.subject => Ok(()),
        _ => Err(Trouble::forbidden(
            "Somebody else signed in at the identity provider than is signed in here.",
        )
        .hint("sign out here first, or sign in there as the same person")),
    }
}

/// Providers may forget that they were asked to authenticate somebody anew: the time tells.
fn just_now(flow: &Flow, vouched: &Vouched) -> Result<(), Trouble> {
    let since = flow.began_at.as_second() - SKEW;
    if vouched.auth_time.is_some_and(|at| at >= since) {
        return Ok(());
    }
    Err(Trouble::forbidden(
        "The identity provider did not ask you anew who you are, so this proves nothing.",
    )
    .hint("sign out at the identity provider and try again")
    .log("auth_time is missing or older than the question"))
}

/// What somebody is told where the provider's word could not be had.
fn told(oidc: &Oidc, fault: &Fault) -> Trouble {
    let name = &oidc.settings.name;
    let trouble = match fault {
        Fault::Unreachable(_) => Trouble {
            retry_after: Some(15),
            ..Trouble::new(
                503,
                "The identity provider does not answer",
                format!("Standing could not reach {name}, or did not understand its answer."),
            )
        },
        Fault::Refused(_) => Trouble::new(
            403,
            "The sign-in could not be completed",
            format!("{name} did not accept what it had sent you back with."),
        ),
        Fault::Invalid(_) => Trouble::new(
            403,
            "The sign-in could not be completed",
            format!("What {name} said of you could not be verified."),
        ),
    };
    trouble
        .hint("sign in again; if it stays so, tell whoever looks after Standing: its log says more")
        .log(fault)
}

/// What somebody is told whom the provider sent back with an error instead of a code.
fn not_signed_in(oidc: &Oidc, error: &str) -> Trouble {
    let name = &oidc.settings.name;
    if error == "access_denied" {
        let what = format!("You, or {name}, said no. Nothing was changed.");
        return Trouble::new(403, "You were not signed in", what).hint("sign in again if you wish");
    }
    // Whoever wrote the word may be anybody: only what can be one of the standards' words is shown.
    let word = |c: char| c.is_ascii_lowercase() || c == '_';
    let error = match error {
        e if e.len() <= 60 && e.chars().all(word) => e,
        _ => "unknown error",
    };
    Trouble::new(
        403,
        "You were not signed in",
        format!("{name} did not sign you in: {error}."),
    )
    .hint("sign in again; if it stays so, tell whoever looks after the identity provider")
    .log(format!("the identity provider answered {error}"))
}

fn lost() -> Trouble {
    Trouble::new(
        400,
        "This sign-in cannot go on",
        "It took longer than ten minutes, was used already, or did not begin in this browser.",
    )
    .hint("begin again from the sign-in page")
}

/// Name of the cookie of a browser in which a sign-in began.
fn cookie(secure: bool) -> &'static str {
    if secure {
        "__Host-standing-oidc"
    } else {
        "standing-oidc"
    }
}

/// That cookie. Lax, not strict: whoever comes back comes from another site.
fn keep(secure: bool, value: &str) -> String {
    let name = cookie(secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600{secure}")
}

/// The secret in a file that nobody but its owner may read.
fn secret_of(file: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;
    let shown = file.display();
    let cannot = |why: String| {
        Failure::configuration(format!("cannot use client_secret_file {shown}: {why}"))
    };
    let mut open = std::fs::File::open(file).map_err(|error| cannot(error.to_string()))?;
    let mode = open.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o177 != 0 {
        return Err(cannot(format!("found mode {mode:04o}, expected 0600"))
            .hint(format!("chmod 600 {shown}")));
    }
    let mut text = String::new();
    open.by_ref()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|error| cannot(error.to_string()))?;
    match text.trim() {
        "" => Err(cannot("there is nothing in it".into())),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "s3cret\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o640);
        let refused = secret_of(&file).unwrap_err();
        assert!(refused.message.contains("found mode 0640, expected 0600"));
        assert!(!refused.message.contains("s3cret"));
        mode(0o600);
        assert_eq!(secret_of(&file).unwrap(), "s3cret");
        std::fs::write(&file, " \n").unwrap();
        assert!(secret_of(&file).is_err());
    }

    fn settings(amr: &[&str], acr: &[&str]) -> config::Oidc {
        let text = format!(
            "[serve.oidc]\nissuer = \"https://a.example\"\nclient_id = \"a\"\namr = {amr:?}\n\
             acr_values = {acr:?}\n[serve.oidc.roles]\nsiro = \"owner\"\n"
        );
        config::Config::parse(&text).unwrap().serve.oidc.unwrap()
    }

    #[test]
    fn what_is_configured_of_level_and_method_is_demanded() {
        let vouched = |amr: &[&str], acr: Option<&str>| Vouched {
            amr: amr.iter().map(|a| (*a).to_owned()).collect(),
            acr: acr.map(str::to_owned),
            ..Vouched::default()
        };
        let method = settings(&["mfa", "hwk"], &[]);
        assert!(multi_factor(&method, &vouched(&["pwd", "hwk"], None)).is_ok());
        let refused = multi_factor(&method, &vouched(&["pwd"], Some("2"))).unwrap_err();
        assert!(refused.detail.contains("method (amr) pwd"));
        assert!(multi_factor(&method, &vouched(&[], None)).is_err());
        let level = settings(&[], &["2", "3"]);
        assert!(multi_factor(&level, &vouched(&[], Some("3"))).is_ok());
        assert!(multi_factor(&level, &vouched(&["mfa"], Some("1"))).is_err());
        assert!(multi_factor(&level, &vouched(&["mfa"], None)).is_err());
        let both = settings(&["mfa"], &["2"]);
        assert!(multi_factor(&both, &vouched(&["mfa"], Some("2"))).is_ok());
        assert!(multi_factor(&both, &vouched(&["pwd"], Some("2"))).is_err());
        assert!(multi_factor(&both, &vouched(&["mfa"], Some("1"))).is_err());
    }

    #[test]
    fn only_a_fresh_authentication_proves_anew() {
        let began_at = Timestamp::from_second(1_800_000_000).unwrap();
        let flow = Flow {
            state: String::new(),
            browser: String::new(),
            nonce: String::new(),
            verifier: String::new(),
            next: "/".into(),
            proves: None,
            began_at,
        };
        let at = |auth_time| Vouched {
            auth_time,
            ..Vouched::default()
        };
        assert!(just_now(&flow, &at(Some(1_800_000_005))).is_ok());
        assert!(just_now(&flow, &at(Some(1_799_999_939))).is_err());
        assert!(just_now(&flow, &at(None)).is_err());
    }
}
