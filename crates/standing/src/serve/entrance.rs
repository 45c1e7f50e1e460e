//! Coming in and going out, whatever way: the session, its cookie, and where one goes next.

use jiff::Timestamp;

use super::door::cookie_name;
use super::right::{Right, Role};
use super::visit::{Means, Trouble, Visit};
use crate::config::Serve;

/// Begins a session for a member who has just proved who they are; gives the cookie to be set. What
/// the browser showed before is ended and never taken over, so that nobody can prepare a session for
/// somebody else.
///
/// # Errors
/// When the table of sessions refuses.
pub fn comes_in(visit: &Visit, member: &str, means: &str) -> Result<String, Trouble> {
    let now = Timestamp::now();
    let sessions = &visit.app.sessions;
    if let Some(who) = &visit.who
        && let Means::Session { id, .. } = &who.by
    {
        sessions.end(&who.member, id)?;
    }
    let shown = sessions.begin(member, means, &browser(&visit.agent), now)?;
    Ok(cookie(visit.app.serve(), &shown))
}

/// The cookie of a session.
///
/// `Lax`, not `Strict`: with `Strict` a link in one of our own e-mails would arrive without the cookie
/// and show the sign-in page to somebody who is signed in. What changes something is a POST, which
/// `Lax` does not accompany from elsewhere, and which the door asks for its origin and the session's
/// own word besides. No `Max-Age`: the browser forgets it when it closes, the server before that.
pub fn cookie(serve: &Serve, shown: &str) -> String {
    let secure = if serve.secure() { "; Secure" } else { "" };
    let name = cookie_name(serve.secure());
    format!("{name}={shown}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

/// The cookie that takes a session's cookie away.
pub fn no_cookie(serve: &Serve) -> String {
    format!("{}; Max-Age=0", cookie(serve, ""))
}

/// The page that somebody in this role begins with.
pub fn first_page(role: Role) -> &'static str {
    if role.may(Right::Read) {
        "/"
    } else if role.may(Right::Review) {
        "/reviews"
    } else {
        "/me"
    }
}

/// Where to go after coming in: a path of this server, whatever was asked for. Browsers read `//host`
/// and `/\host` as another server, and drop tabs and line breaks before they read.
pub fn local(next: Option<&str>) -> &str {
    let next = next.unwrap_or("/");
    let rest = next.strip_prefix('/').unwrap_or("/");
    let elsewhere = rest.starts_with('/')
        || next.contains('\\')
        || next.chars().any(|c| c.is_control() || c.is_whitespace());
    let loops = ["/sign-in", "/sign-out", "/prove", "/join/"];
    if elsewhere || loops.iter().any(|path| next.starts_with(path)) {
        return "/";
    }
    next
}

/// Browser and system in a few words, so that people know their sessions from each other: never what
/// the browser sent, which identifies more than is needed.
fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(word, _)| agent.contains(word));
        found.map(|(_, name)| *name)
    };
    // Most browsers also say that they are others: the particular ones come first.
    let program = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (asked, goes) in [
            ("/", "/"),
            ("/items/4.2.4?day=2026-11-21", "/items/4.2.4?day=2026-11-21"),
            (
                "/log?next=https://evil.example",
                "/log?next=https://evil.example",
            ),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\n/evil.example", "/"),
            ("https://evil.example", "/"),
            ("https:evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("evil.example", "/"),
            ("", "/"),
            ("/sign-in?next=/sign-in", "/"),
            ("/sign-out", "/"),
        ] {
            assert_eq!(local(Some(asked)), goes, "{asked:?}");
        }
        assert_eq!(local(None), "/");
    }

    #[test]
    fn cookies_are_bound_to_the_host_where_there_is_tls() {
        let mut serve = Serve::default();
        assert_eq!(
            cookie(&serve, "x"),
            "standing=x; Path=/; HttpOnly; SameSite=Lax"
        );
        serve.public_url = "https://standing.example".into();
        assert_eq!(
            cookie(&serve, "x"),
            "__Host-standing=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(no_cookie(&serve).ends_with("; Secure; Max-Age=0"));
    }

    #[test]
    fn a_browser_is_told_in_a_few_words() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0";
        assert_eq!(browser(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(phone), "Safari on iPhone");
        assert_eq!(browser("curl/8.0"), "A browser");
    }
}
