//! Coming in by a real identity provider: the certified `oidc-provider`, run by node, and the program
//! itself, with a browser made of plain HTTP between them.

use serde_json::{Value, json};

use crate::edge::{TLS, believing, certify};
use crate::home::Home;
use crate::identity_provider::{Provider, both, lead, settings, sign_in, through, to_the_return};
use crate::serving::{Browser, Server, free_port};

/// Whether Standing's first page lets the browser in.
fn is_in(browser: &mut Browser, server: &Server) -> bool {
    let first = browser.get(&format!("{}/", server.url()));
    match first.status {
        // It may still be judging for the first time.
        200 | 503 => true,
        303 if first.place().starts_with("/sign-in") => false,
        other => panic!("{other}: {}", first.text),
    }
}

/// Every member, as the keyboard lists them.
fn members(server: &Server) -> Vec<Value> {
    let done = server.home.run(&["member", "list", "--format", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.json()["members"].as_array().unwrap().clone()
}

#[test]
fn somebody_whom_the_provider_vouches_for_comes_in_and_nothing_of_it_is_logged() {
    for options in [
        json!({}),
        json!({"inToken": true}),
        json!({"secret": "shared test secret"}),
    ] {
        let secret = options
            .get("secret")
            .map_or("", |_| "client_secret_file = \"keys/oidc.secret\"");
        let Some((_provider, server)) = both(options, secret) else {
            return;
        };
        let mut browser = Browser::new();
        assert!(!is_in(&mut browser, &server));
        let next = "next=%2Fitems%3Fa%3D1";
        let back = to_the_return(&mut browser, &server, "lead", next);
        let came = browser.get(&back);
        assert_eq!(
            (came.status, came.place()),
            (303, "/items?a=1"),
            "{}",
            came.text
        );
        assert!(is_in(&mut browser, &server));
        let cookie = came.headers.get("set-cookie").unwrap().to_str().unwrap();
        assert!(cookie.starts_with("standing=") && cookie.ends_with("; HttpOnly; SameSite=Lax"));
        let members = members(&server);
        assert_eq!(members.len(), 1);
        assert_eq!(
            (&members[0]["name"], &members[0]["role"]),
            (&json!("Test Lead"), &json!("lead"))
        );
        let values: Vec<String> = back.split(['?', '&', '=']).map(str::to_owned).collect();
        let jar = browser.cookies[&format!("localhost:{}", server.port)].clone();
        let log = server.end();
        assert!(log.contains("came in by the identity provider"), "{log}");
        for secret in values.iter().filter(|v| v.len() > 20).chain(jar.values()) {
            assert!(!log.contains(secret.as_str()), "{secret} is in the log");
        }
        for word in [
            "Test Lead",
            "lead@firm.example",
            "shared test secret",
            "id_token",
        ] {
            assert!(!log.contains(word), "{word} is in the log");
        }
    }
}

#[test]
fn a_return_counts_once_in_the_browser_that_began_and_with_its_own_state() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    let (mut browser, mut another) = (Browser::new(), Browser::new());
    let back = to_the_return(&mut browser, &server, "lead", "");
    let state = Browser::new().get(&back);
    assert_eq!(state.status, 400, "without the cookie");
    sign_in(&mut another, &server, "lead", "");
    another
        .cookies
        .remove(&format!("localhost:{}", server.port));
    to_the_return(&mut another, &server, "lead", "");
    assert_eq!(
        another.get(&back).status,
        400,
        "with another browser's cookie"
    );
    assert!(!is_in(&mut another, &server));
    let forged = back.replace("state=", "state=x");
    assert_eq!(browser.get(&forged).status, 400, "with another state");
    let elsewhere = back.replace("iss=http", "iss=https");
    assert_ne!(elsewhere, back);
    assert_eq!(browser.get(&elsewhere).status, 400, "from another issuer");
    assert_eq!(
        browser.get(&back).status,
        400,
        "the attempt before used it up"
    );
    let back = to_the_return(&mut browser, &server, "lead", "");
    assert_eq!(browser.get(&back).status, 303);
    assert_eq!(browser.get(&back).status, 400, "a second time");
}

#[test]
fn two_windows_of_one_browser_can_both_come_back() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    let mut browser = Browser::new();
    let first = to_the_return(&mut browser, &server, "lead", "next=/items");
    let second = to_the_return(&mut browser, &server, "lead", "next=/checks");
    assert_eq!(browser.get(&first).place(), "/items");
    assert_eq!(browser.get(&second).place(), "/checks");
}

#[test]
fn a_code_with_another_nonce_or_verifier_is_not_believed() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    let mut browser = Browser::new();
    let left = browser.get(&format!("{}/sign-in/oidc", server.url()));
    let nonce = left.sent("nonce").unwrap();
    let question = left.place().replace(&nonce, "another-nonce");
    let back = through(&mut browser, &question, "lead", &[]);
    let came = browser.get(&back);
    assert_eq!(came.status, 403);
    assert!(came.text.contains("could not be verified"), "{}", came.text);
    // A code that somebody else obtained, put into one's own return.
    let theirs = to_the_return(&mut Browser::new(), &server, "lead", "");
    let own = to_the_return(&mut browser, &server, "lead", "");
    let came = browser.get(&swapped(&own, &theirs));
    assert_eq!(came.status, 403);
    assert!(came.text.contains("did not accept"), "{}", came.text);
    assert!(!is_in(&mut browser, &server));
    assert_eq!(members(&server).len(), 0);
}

/// One return with the code of another.
fn swapped(own: &str, theirs: &str) -> String {
    let code = |url: &str| {
        let from = url.find("code=").unwrap();
        url[from..].split('&').next().unwrap().to_owned()
    };
    own.replace(&code(own), &code(theirs))
}

#[test]
fn keys_may_change_and_the_provider_is_not_hammered_for_them() {
    let Some((provider, server)) = both(json!({}), "") else {
        return;
    };
    let mut browser = Browser::new();
    assert_eq!(sign_in(&mut browser, &server, "lead", "").status, 303);
    assert_eq!(sign_in(&mut browser, &server, "lead", "").status, 303);
    let asked = |provider: &Provider| provider.control("GET", "asked", &json!({}))["keys"].clone();
    assert_eq!(asked(&provider), 1, "what is known is not asked for again");
    for _ in 0..4 {
        provider.control("POST", "rotate", &json!({}));
        let came = sign_in(&mut browser, &server, "lead", "");
        assert_eq!(came.status, 303, "{}", came.text);
    }
    assert_eq!(asked(&provider), 5);
    provider.control("POST", "rotate", &json!({}));
    let came = sign_in(&mut browser, &server, "lead", "");
    assert_eq!(came.status, 403, "too many new keys in a row wait");
    assert_eq!(asked(&provider), 5);
}

#[test]
fn without_a_second_factor_nobody_comes_in_and_is_told_what_came() {
    let Some((provider, server)) = both(json!({}), "acr_values = [\"two\"]") else {
        return;
    };
    let mut browser = Browser::new();
    for (amr, acr, said) in [
        (json!(["pwd"]), "two", "method (amr) pwd, level (acr) two"),
        (json!(["otp"]), "one", "method (amr) otp, level (acr) one"),
    ] {
        let mut person = lead();
        person["amr"] = amr;
        person["acr"] = json!(acr);
        provider.person("lead", person);
        let came = sign_in(&mut Browser::new(), &server, "lead", "");
        assert_eq!(came.status, 403);
        assert!(came.text.contains(said), "{}", came.text);
    }
    assert_eq!(members(&server).len(), 0);
    provider.person("lead", lead());
    let left = browser.get(&format!("{}/sign-in/oidc", server.url()));
    assert_eq!(left.sent("acr_values").as_deref(), Some("two"));
    assert_eq!(sign_in(&mut browser, &server, "lead", "").status, 303);
}

#[test]
fn whoever_is_in_no_group_with_a_role_is_not_let_in() {
    let Some((provider, server)) = both(json!({}), "") else {
        return;
    };
    for groups in [json!(["staff"]), json!([]), Value::Null] {
        let mut person = lead();
        person["groups"] = groups;
        provider.person("lead", person);
        let mut browser = Browser::new();
        let came = sign_in(&mut browser, &server, "lead", "");
        assert_eq!(came.status, 403);
        assert!(
            came.text.contains("in no group that is let in"),
            "{}",
            came.text
        );
        assert!(!is_in(&mut browser, &server));
    }
    assert_eq!(members(&server).len(), 0);
}

#[test]
fn the_role_follows_the_groups_and_ends_with_them() {
    let Some((provider, server)) = both(json!({}), "") else {
        return;
    };
    let (mut desk, mut phone) = (Browser::new(), Browser::new());
    sign_in(&mut desk, &server, "lead", "");
    sign_in(&mut phone, &server, "lead", "");
    assert!(is_in(&mut desk, &server), "an equal role ends nothing");
    let id = members(&server)[0]["id"].clone();
    let mut person = lead();
    person["groups"] = json!(["the board"]);
    provider.person("lead", person.clone());
    assert_eq!(sign_in(&mut phone, &server, "lead", "").status, 303);
    assert!(is_in(&mut phone, &server) && !is_in(&mut desk, &server));
    let now = members(&server);
    assert_eq!(
        (now.len(), &now[0]["id"], &now[0]["role"]),
        (1, &id, &json!("auditor"))
    );

    person["groups"] = json!(["staff"]);
    provider.person("lead", person);
    assert_eq!(sign_in(&mut desk, &server, "lead", "").status, 403);
    assert!(!is_in(&mut phone, &server), "their sessions have ended");
    assert_eq!(members(&server).len(), 0);

    provider.person("lead", lead());
    assert_eq!(sign_in(&mut desk, &server, "lead", "").status, 303);
    assert_eq!(members(&server)[0]["id"], id, "whoever comes back is known");
}

#[test]
fn whom_an_owner_ended_does_not_come_back_by_the_provider() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    let mut browser = Browser::new();
    sign_in(&mut browser, &server, "lead", "");
    let id = members(&server)[0]["id"].as_str().unwrap().to_owned();
    let ended = server.home.run(&["member", "end", &id]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let came = sign_in(&mut browser, &server, "lead", "");
    assert_eq!(came.status, 403);
    assert!(
        came.text.contains("ended here by an owner"),
        "{}",
        came.text
    );
    assert_eq!(members(&server).len(), 0);
}

#[test]
fn an_address_that_somebody_else_has_too_makes_nobody_the_same() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    let words = [
        "member",
        "add",
        "--name",
        "Test Lead",
        "--role",
        "owner",
        "--email",
        "lead@firm.example",
    ];
    let added = server.home.run(&words);
    assert_eq!(added.code, 0, "{}", added.err);
    assert_eq!(
        sign_in(&mut Browser::new(), &server, "lead", "").status,
        303
    );
    let roles: Vec<Value> = members(&server).iter().map(|m| m["role"].clone()).collect();
    assert_eq!(roles.len(), 2);
    assert!(roles.contains(&json!("owner")) && roles.contains(&json!("lead")));
}

#[test]
fn a_proof_asks_the_person_anew_and_takes_nobody_elses() {
    let mut other = lead();
    other["name"] = json!("Test Other");
    let people = json!({"people": {"lead": lead(), "other": other}});
    let Some((_provider, server)) = both(people, "") else {
        return;
    };
    let mut browser = Browser::new();
    let nobody = browser.get(&format!("{}/sign-in/oidc?prove=1", server.url()));
    assert_eq!(nobody.status, 401);
    sign_in(&mut browser, &server, "lead", "");
    let left = browser.get(&format!("{}/sign-in/oidc?prove=1&next=/log", server.url()));
    assert_eq!(left.sent("prompt").as_deref(), Some("login"));
    assert_eq!(left.sent("max_age").as_deref(), Some("0"));
    let back = through(&mut browser, left.place(), "lead", &[]);
    let came = browser.get(&back);
    assert_eq!((came.status, came.place()), (303, "/log"), "{}", came.text);
    assert!(
        came.headers.get("set-cookie").is_none(),
        "the session stays"
    );
    browser.cookies.retain(|at, _| at.starts_with("localhost:"));
    let came = sign_in(&mut browser, &server, "other", "prove=1");
    assert_eq!(came.status, 403);
    assert!(
        came.text.contains("Somebody else signed in"),
        "{}",
        came.text
    );
    assert!(
        server
            .end()
            .contains("proved anew by the identity provider")
    );
}

#[test]
fn nobody_is_sent_to_another_server_afterwards() {
    let Some((_provider, server)) = both(json!({}), "") else {
        return;
    };
    for next in [
        "//evil.example",
        "https://evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
    ] {
        let mut browser = Browser::new();
        let came = sign_in(&mut browser, &server, "lead", &format!("next={next}"));
        assert_eq!((came.status, came.place()), (303, "/"), "{next}");
    }
}

#[test]
fn over_tls_every_cookie_is_bound_to_this_very_host() {
    let (home, port) = (Home::new(), free_port());
    let url = format!("https://localhost:{port}");
    let redirect = json!([format!("{url}/sign-in/oidc/back")]);
    let options = json!({"redirect": redirect, "people": {"lead": lead()}});
    let Some(provider) = Provider::start(&options) else {
        return;
    };
    if !certify(&home) {
        return;
    }
    home.configure(&format!("[serve]\n{TLS}{}", settings(&provider.issuer, "")));
    let server = Server::of(home, port);
    let mut browser = believing(&server.home.path);
    let left = browser.get(&format!("{url}/sign-in/oidc"));
    let back = through(&mut browser, left.place(), "lead", &[]);
    let came = browser.get(&back);
    for (answer, name) in [(left, "__Host-standing-oidc="), (came, "__Host-standing=")] {
        let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        assert!(cookie.starts_with(name), "{cookie}");
        assert!(
            cookie.contains("; Path=/; HttpOnly; SameSite=Lax") && cookie.ends_with("; Secure")
        );
    }
    assert_eq!(browser.get(&format!("{url}/me")).status, 200);
    let jar = browser
        .cookies
        .get_mut(&format!("localhost:{port}"))
        .unwrap();
    let shown = jar.remove("__Host-standing").unwrap();
    jar.insert("standing".into(), shown);
    let came = browser.get(&format!("{url}/me"));
    assert_eq!(came.status, 303, "a cookie without the prefix says nothing");
}

#[test]
fn a_refusal_and_a_silent_provider_are_told_as_what_they_are() {
    let Some((provider, server)) = both(json!({}), "") else {
        return;
    };
    let mut browser = Browser::new();
    let left = browser.get(&format!("{}/sign-in/oidc", server.url()));
    let back = through(&mut browser, left.place(), "lead", &[("deny", "1")]);
    let came = browser.get(&back);
    assert_eq!(came.status, 403);
    assert!(
        came.text.contains("You were not signed in"),
        "{}",
        came.text
    );
    let back = to_the_return(&mut browser, &server, "lead", "");
    drop(provider);
    let came = browser.get(&back);
    assert_eq!(came.status, 503);
    assert!(came.text.contains("does not answer"), "{}", came.text);
    assert!(came.headers.contains_key("retry-after"));
    let log = server.end();
    assert!(log.contains("could not be asked"), "{log}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let home = Home::new();
    home.configure(&settings(
        "https://login.example.org",
        "client_secret_file = \"keys/none\"",
    ));
    let done = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(done.code, 2);
    assert!(
        done.err.contains("cannot use client_secret_file"),
        "{}",
        done.err
    );
    let secret = home.write("keys/none", "s3cret");
    std::fs::set_permissions(secret, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let done = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(done.code, 2);
    assert!(
        done.err.contains("found mode 0644, expected 0600"),
        "{}",
        done.err
    );
    assert!(!done.err.contains("s3cret"));
}
