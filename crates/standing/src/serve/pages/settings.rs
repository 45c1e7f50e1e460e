//! Settings: what `standing.toml` says, in words, and changing what concerns the organisation.

use askama::Template;
use jiff::civil::Date;
use standing_assess::catalogue::{Catalogue, Profile};

use super::form::Entered;
use super::frame::Frame;
use super::words;
use crate::commands::{self, Settings, fingerprint};
use crate::config::{Config, FILE, Notify, Serve};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/settings", Access::With(Right::Read), page),
    Route::get("/settings/organisation", Access::With(Right::Attest), form),
    Route::form(
        "/settings/organisation",
        Access::With(Right::Attest),
        change,
    ),
];

/// The log's head and key.
struct Vault {
    origin: String,
    public_key: String,
    entries: u64,
    root: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    config: Config,
    profile: Option<&'static Profile>,
    edition: String,
    /// The edition that the publication belongs to, where it is another.
    due: Option<String>,
    publish_on: Date,
    people_come_in: Vec<String>,
    told: Vec<String>,
    vault: Vault,
    version: &'static str,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let home = visit.app.home();
    home.vault.refresh().map_err(Trouble::ours)?;
    let (_, config) = read(visit)?;
    let key = home.vault.public_key();
    let page = Page {
        frame: Frame::of(visit, "/settings"),
        profile: profile(&config.profile),
        edition: now.today.edition.clone(),
        due: now
            .terms
            .edition_due
            .clone()
            .filter(|due| *due != now.today.edition),
        publish_on: now.terms.publish_on,
        people_come_in: entrance(visit.app.serve()),
        told: told(&config),
        vault: Vault {
            origin: key.name().to_owned(),
            public_key: key.to_string(),
            entries: home.vault.size(),
            root: home.vault.root().to_base64(),
        },
        version: env!("CARGO_PKG_VERSION"),
        config,
    };
    Ok(Reply::page(page.render()?))
}

/// The file as it is now, which may be newer than what is in force.
fn read(visit: &Visit) -> Result<(String, Config), Trouble> {
    let path = visit.app.home().folder.join(FILE);
    let text = std::fs::read_to_string(path).map_err(Trouble::ours)?;
    let config = Config::parse(&text)?;
    Ok((text, config))
}

fn profile(id: &str) -> Option<&'static Profile> {
    Catalogue::builtin().profiles.iter().find(|p| p.id == id)
}

/// How people come in, in sentences.
fn entrance(serve: &Serve) -> Vec<String> {
    let mut said = vec![format!(
        "People reach the server at {}; it listens on {}.",
        serve.public_url, serve.listen
    )];
    said.push(match (&serve.tls, serve.secure()) {
        (Some(_), _) => "TLS is its own, by the certificate files of standing.toml.".into(),
        (None, true) => "TLS is a proxy’s.".into(),
        (None, false) => "There is no TLS: only this machine is answered.".into(),
    });
    if !serve.trusted_proxies.is_empty() {
        let networks = serve.trusted_proxies.iter().map(ToString::to_string);
        let networks: Vec<String> = networks.collect();
        said.push(format!("Trusted proxies: {}.", networks.join(", ")));
    }
    said.push(match &serve.oidc {
        Some(oidc) => format!("People come in by {} or by passkey.", oidc.name),
        None => "People come in by passkey.".into(),
    });
    said.push(format!(
        "A session ends after {} without a request, and after {} in any case.",
        crate::text::count(serve.session_idle_minutes.unsigned_abs(), "minute"),
        crate::text::count(serve.session_hours.unsigned_abs(), "hour")
    ));
    said
}

/// Who is told of what, without secrets.
fn told(config: &Config) -> Vec<String> {
    let notify = &config.notify;
    let mut said = Vec::new();
    if let Some(email) = &notify.email {
        said.push(format!(
            "E-mail goes to {} by {}.",
            crate::text::count(email.to.len() as u64, "address").replace("addresss", "addresses"),
            email.host
        ));
    }
    for webhook in &notify.webhooks {
        said.push(format!("The webhook {} is called.", webhook.name));
    }
    if said.is_empty() {
        said.push("Nobody is told of anything: [notify] in standing.toml says how.".into());
    } else {
        said.push(format!(
            "The digest goes at {}, and tells what lapses within {}.",
            notify.digest_at.strftime("%H:%M"),
            crate::text::count(notify.lapse_days.unsigned_abs(), "day")
        ));
        said.push(fixes_told(notify));
    }
    said
}

/// When it is told of fixes.
fn fixes_told(notify: &Notify) -> String {
    let whose = match &notify.fix_policies {
        Some(policies) => format!("the deadlines of {}", policies.join(", ")),
        None => "the deadlines of every policy".into(),
    };
    let days: Vec<String> = notify.fix_days.iter().map(ToString::to_string).collect();
    match days.is_empty() {
        true => format!("Of fixes it tells by {whose}, once they are late."),
        false => format!(
            "Of fixes it tells by {whose}, with {} days left and once they are late.",
            days.join(", ")
        ),
    }
}

#[derive(Template)]
#[template(path = "settings_organisation.html")]
struct FormPage {
    frame: Frame,
    entered: Entered,
    profiles: Vec<(&'static str, String)>,
    editions: Vec<(String, String)>,
}

fn show(visit: &Visit, entered: Entered) -> Answer {
    let now = visit.app.snapshot()?;
    let profiles = Catalogue::builtin().profiles.iter();
    let editions = now.terms.catalogue.editions.iter();
    let page = FormPage {
        frame: Frame::of(visit, "/settings"),
        profiles: profiles
            .map(|p| (p.id.as_str(), format!("{}: {}", p.name, p.who)))
            .collect(),
        editions: editions
            .map(|e| (e.id.clone(), format!("{} ({})", e.id, e.year)))
            .collect(),
        entered,
    };
    Ok(Reply::page(page.render()?))
}

fn form(visit: &Visit) -> Answer {
    let (text, config) = read(visit)?;
    let settings = Settings::of(&config);
    let entered = Entered::default()
        .with("organisation", settings.organisation)
        .with("profile", settings.profile)
        .with("edition", settings.edition.unwrap_or_default())
        .with(
            "publish_on",
            settings.publish_on.map_or(String::new(), |d| d.to_string()),
        )
        .with("seen", fingerprint(&text));
    show(visit, entered)
}

fn change(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    entered.wanted("organisation", "Say what the organisation is called");
    entered.wanted("profile", "Choose a profile");
    let wanted = Settings {
        organisation: entered.value("organisation").to_owned(),
        profile: entered.value("profile").to_owned(),
        edition: Some(entered.value("edition").to_owned()).filter(|e| !e.is_empty()),
        publish_on: entered.day("publish_on"),
    };
    let seen = entered.value("seen").to_owned();
    let acted = if entered.is_right() {
        entered.act(visit, |home, index, by| {
            commands::change_settings(home, index, by, &seen, &wanted)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!("/settings?kept={}", acted.entry))),
        None => show(visit, entered).map(|reply| reply.status(422)),
    }
}
