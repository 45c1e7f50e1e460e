//! `standing member` and `standing token`: who may come in, from the keyboard.

use crate::home::Home;

#[test]
fn a_member_comes_gets_a_link_and_a_token_and_goes() {
    let home = Home::new();
    let added = home.run(&["member", "add", "--name", "Test Owner", "--role", "owner"]);
    assert_eq!(added.code, 0, "{}", added.err);
    let list = home.run(&["member", "list", "--format", "json"]).json();
    let id = list["members"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["members"][0]["role"], "owner");
    assert!(added.out.contains(&id));

    let link = home.run(&["member", "invite", "Test Owner"]);
    assert!(
        link.out.contains("http://localhost:8080/join/"),
        "{}",
        link.err
    );
    let secret = link.out.split("/join/").nth(1).unwrap().trim().to_owned();
    let token = home.run(&["token", "add", "--member", &id, "--scopes", "read,collect"]);
    let token = token.out.trim().to_owned();
    assert!(token.starts_with("standing_"), "{token}");
    assert_eq!(
        token.lines().count(),
        1,
        "nothing beside it on standard output"
    );

    for words in [
        ["member", "list", "--format", "json"],
        ["token", "list", "--format", "json"],
        ["member", "list", "--format", "text"],
        ["token", "list", "--format", "text"],
    ] {
        let out = home.run(&words).out;
        let (_, hidden) = secret.split_once('.').unwrap();
        let (_, shown) = token
            .trim_start_matches("standing_")
            .split_once('_')
            .unwrap();
        assert!(!out.contains(hidden) && !out.contains(shown), "{out}");
    }

    let gone = home.run(&["member", "end", &id]);
    assert_eq!(gone.code, 0, "{}", gone.err);
    assert_eq!(
        home.run(&["token", "list", "--format", "json"]).json(),
        serde_json::json!([])
    );
    let list = home.run(&["member", "list", "--format", "json"]).json();
    assert_eq!(
        list,
        serde_json::json!({ "members": [], "invitations": [] })
    );
}

#[test]
fn mistakes_are_said_with_what_to_do() {
    let home = Home::new();
    home.run(&[
        "member",
        "add",
        "--name",
        "Test Auditor",
        "--role",
        "auditor",
    ]);
    for (words, says) in [
        (
            vec!["member", "invite", "Nobody"],
            "--role makes it an invitation",
        ),
        (
            vec!["member", "invite", "Test Auditor", "--role", "lead"],
            "is a member already",
        ),
        (vec!["member", "end", "Nobody"], "no member"),
        (
            vec!["member", "add", "--name", "X", "--role", "root"],
            "expected owner, lead",
        ),
        (
            vec![
                "member", "add", "--name", "X", "--role", "lead", "--email", "x",
            ],
            "e-mail",
        ),
        (
            vec![
                "token",
                "add",
                "--member",
                "Test Auditor",
                "--scopes",
                "collect",
            ],
            "does not carry",
        ),
        (
            vec![
                "token",
                "add",
                "--member",
                "Test Auditor",
                "--scopes",
                "erase",
            ],
            "no scope",
        ),
        (
            vec![
                "token",
                "add",
                "--member",
                "Test Auditor",
                "--scopes",
                "read",
                "--days",
                "367",
            ],
            "from 1 to 366",
        ),
        (vec!["token", "end", "0"], "no token"),
    ] {
        let done = home.run(&words);
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(done.err.contains(says), "{}", done.err);
    }
}

#[test]
fn a_server_does_not_start_under_an_address_in_the_place_of_a_name() {
    let home = Home::new();
    home.configure("[serve]\npublic_url = \"http://127.0.0.1:8080\"\n");
    let done = home.run(&["serve"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("passkeys need a name, not an IP address"),
        "{}",
        done.err
    );
    assert!(done.err.contains("hint: set public_url"), "{}", done.err);
}
