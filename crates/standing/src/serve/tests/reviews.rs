//! Access reviews on pages and by the API: who sees which rows, what may be decided, and what is refused.

use axum::body::Body;
use serde_json::{Value, json};

use super::harness::{Came, Served};
use crate::collect::collect;
use crate::home::{By, Home};
use crate::init;
use crate::review;
use crate::serve::members::{self, NewMember};
use crate::serve::right::{Right, Role};

const PEOPLE: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@firm.test,Platform,Engineer,0003,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n\
    0003,Cyd,Manager,cyd@firm.test,Platform,Head,,03/04/2019,\n\
    0004,Dee,Agent,dee@firm.test,Support,Agent,0001,03/04/2021,\n\
    0005,Eve,Agent,eve@firm.test,Support,Agent,0001,03/04/2021,\n\
    0006,Fay,Agent,fay@firm.test,Support,Agent,0001,03/04/2021,\n";

const HR: &str = "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n";
const OTHERS: &str = "[source.directory]\nkind = \"ldif\"\npath = \"directory.ldif\"\nsystem = \"Directory\"\n\
    [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n\
    [review]\nlead = \"fay@firm.test\"\n";

/// Ada owns the directory, Cyd is her manager, Fay leads; Dee, Eve and Fay are alike.
const EMAILS: [(Role, &str); 4] = [
    (Role::Reviewer, "ada@firm.test"),
    (Role::Owner, "cyd@firm.test"),
    (Role::Engineer, "dee@firm.test"),
    (Role::Lead, "fay@firm.test"),
];

fn directory() -> String {
    let all = ["ada", "bob", "cyd", "dee", "eve", "fay"];
    let mut text = String::new();
    for (i, uid) in all.iter().enumerate() {
        let number = i + 1;
        text += &format!(
            "dn: uid={uid},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\nuid: {uid}\n\
             cn: {uid}\nmail: {uid}@firm.test\nemployeeNumber: 000{number}\ncreateTimestamp: 20210301080000Z\n\n"
        );
    }
    let mut group = |name: &str, members: &[&str]| {
        text += &format!(
            "dn: cn={name},ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: {name}\n"
        );
        for uid in members {
            text += &format!("member: uid={uid},ou=people,dc=firm,dc=test\n");
        }
        text += "\n";
    };
    group("ldapadmins", &["ada"]);
    group("staff", &all[1..]);
    text
}

fn firm(with_people: bool) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let hr = if with_people { HR } else { "" };
    let config =
        format!("[organisation]\nname = \"Test Firm\"\nprofile = \"it-supplier-2\"\n{hr}{OTHERS}");
    init::make(folder.path(), &config, None).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("people.csv", PEOPLE);
    write("directory.ldif", &directory());
    write("systems.csv", "name,owner\nDirectory,ada@firm.test\n");
    let home = Home::open(folder.path()).unwrap();
    let sources: Vec<_> = home.config.sources.iter().collect();
    collect(&home, By::KEYBOARD, &sources, false, &|_, _| {}).unwrap();
    let served = Served::of(folder);
    for (role, email) in EMAILS {
        bears(&served, role, email);
    }
    served
}

/// The member of that role is known by this e-mail from now on.
fn bears(served: &Served, role: Role, email: &str) {
    let name = format!("The {role}");
    let new = NewMember {
        name: &name,
        email,
        identity: None,
    };
    let become_it = |home: &Home, index: &standing_assess::Index| {
        let entry = members::becomes(home, served.member(role), &new, role)?;
        members::keep(home, index, By::KEYBOARD, vec![entry])
    };
    served.app.act(By::KEYBOARD, become_it).unwrap();
}

/// Opens a review on the page; gives its name.
fn opened(served: &Served) -> String {
    let came = served.post(Some(Role::Lead), "/reviews/new", &[("title", "A test")]);
    assert_eq!(came.status, 303, "{}", came.text);
    let place = came.place().strip_prefix("/reviews/").unwrap();
    place.split_once('?').unwrap().0.to_owned()
}

/// The number of somebody's row.
fn n(served: &Served, id: &str, login: &str) -> u64 {
    let index = served.app.index().unwrap();
    let page = review::rows(&index, id, &review::Wanted::default(), None, 100).unwrap();
    let row = page.rows.iter().find(|row| row.line.login == login);
    row.unwrap_or_else(|| panic!("no row of {login}")).line.n
}

/// A value of the first hidden field of that name.
fn hidden(came: &Came, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = came
        .text
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name}"));
    rest.1.split_once('"').unwrap().0.to_owned()
}

fn field(name: &str, n: u64) -> String {
    format!("{name}-{n}")
}

fn token(served: &Served, role: Role, method: &str, path: &str, body: Option<&Value>) -> Came {
    let scopes = [
        Right::Read,
        Right::ReadPersonal,
        Right::Review,
        Right::Attest,
        Right::Record,
    ];
    let token = served.token(role, &scopes);
    let request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    served.send(request.body(body).unwrap())
}

#[test]
fn each_role_sees_what_is_theirs_and_nothing_else() {
    let served = firm(true);
    let id = opened(&served);
    let see = |role, path: &str| served.get(Some(role), &format!("/reviews{path}"));
    let mine = see(Role::Reviewer, &format!("/{id}/mine"));
    assert_eq!(mine.status, 200, "{}", mine.text);
    for wanted in [
        "5 of 5 rows wait for you",
        "Bob Leaver",
        "Its person left on 31 December 2025",
    ] {
        assert!(mine.text.contains(wanted), "{wanted}: {}", mine.text);
    }
    // Ada's own row is her manager's to decide, and she sees it nowhere.
    let ada = n(&served, &id, "ada");
    assert!(!mine.text.contains("Ada Owner"));
    assert_eq!(
        see(Role::Reviewer, &format!("/{id}/rows/{ada}")).status,
        404
    );
    let bob = n(&served, &id, "bob");
    assert_eq!(
        see(Role::Reviewer, &format!("/{id}/rows/{bob}")).status,
        200
    );
    let listed = see(Role::Reviewer, "");
    assert!(
        listed.text.contains("0 of your 5 rows reviewed"),
        "{}",
        listed.text
    );
    assert!(!listed.text.contains("cyd@firm.test"));
    for path in ["", "/rows", "/removals", "/late", "/report"] {
        assert_eq!(
            see(Role::Reviewer, &format!("/{id}{path}")).status,
            403,
            "{path}"
        );
        let read = see(Role::Auditor, &format!("/{id}{path}"));
        assert_eq!(read.status, 200, "{path}: {}", read.text);
    }
    assert!(
        see(Role::Auditor, &format!("/{id}"))
            .text
            .contains("0 of 6")
    );
    assert_eq!(see(Role::Auditor, &format!("/{id}/mine")).status, 403);
    let owner = see(Role::Owner, &format!("/{id}/mine"));
    assert!(owner.text.contains("Ada Owner") && !owner.text.contains("Bob Leaver"));
    let engineer = see(Role::Engineer, &format!("/{id}/mine"));
    assert!(
        engineer
            .text
            .contains("Nothing of this review is given to you")
    );
    // A reviewer of nothing knows of nothing.
    let rows = token(
        &served,
        Role::Reviewer,
        "GET",
        &format!("/api/v1/reviews/{id}/rows"),
        None,
    );
    assert_eq!(rows.json()["items"].as_array().unwrap().len(), 5);
    let all = token(
        &served,
        Role::Auditor,
        "GET",
        &format!("/api/v1/reviews/{id}/rows"),
        None,
    );
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 6);
    assert_eq!(see(Role::Reviewer, "/review-2020-01-01/mine").status, 404);
}

#[test]
fn answers_are_kept_with_when_they_were_shown_and_can_be_given_again() {
    let served = firm(true);
    let id = opened(&served);
    let path = format!("/reviews/{id}/mine");
    let page = served.get(Some(Role::Reviewer), &path);
    let (rows, stamp) = (hidden(&page, "rows"), hidden(&page, "stamp"));
    let (bob, dee, eve) = (
        n(&served, &id, "bob"),
        n(&served, &id, "dee"),
        n(&served, &id, "eve"),
    );
    let (of_bob, of_dee, of_eve) = (
        field("decision", bob),
        field("decision", dee),
        field("decision", eve),
    );
    let said = field("comment", bob);
    let size = served.app.home().vault.size();
    let mut fields = vec![
        ("rows", rows.as_str()),
        ("stamp", &stamp),
        ("once", "a-double-click"),
        (of_bob.as_str(), "remove"),
        (said.as_str(), "gone since <December>"),
        (of_dee.as_str(), "cannot tell"),
    ];
    // Without its comment none of them is kept, and nothing that was typed is lost.
    let refused = served.post(Some(Role::Reviewer), &path, &fields);
    assert_eq!(refused.status, 422);
    for wanted in [
        format!("<a href=\"#row-{dee}\">"),
        format!("id=\"mistake-{dee}\""),
        "value=\"gone since &#60;December&#62;\"".into(),
        format!("name=\"decision-{bob}\" value=\"remove\" checked"),
        format!("name=\"stamp\" value=\"{stamp}\""),
    ] {
        assert!(refused.text.contains(&wanted), "{wanted}: {}", refused.text);
    }
    assert_eq!(served.app.home().vault.size(), size);
    fields[5].1 = "keep";
    let kept = served.post(Some(Role::Reviewer), &path, &fields);
    assert_eq!(kept.status, 303, "{}", kept.text);
    let again = served.post(Some(Role::Reviewer), &path, &fields);
    assert_eq!(again.place(), kept.place(), "{}", again.text);
    assert_eq!(served.app.home().vault.size(), size + 1);

    let history = |n| review::history(&served.app.index().unwrap(), &id, n).unwrap();
    let past = history(bob);
    assert_eq!((past.len(), past[0].decision.as_str()), (1, "remove"));
    // As instants: as texts their fractions of a second differ in length.
    let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let shown = past[0].shown_at.as_deref().map(instant);
    assert!(shown.is_some_and(|shown| shown < instant(&past[0].at)));
    // Decided again, the last word counts; a stamp that is not ours tells nothing.
    let decided = served.get(Some(Role::Reviewer), &format!("{path}?part=decided"));
    assert!(decided.text.contains("“gone since &#60;December&#62;”"));
    let other = [
        ("rows", rows.as_str()),
        ("stamp", "1.00"),
        (of_bob.as_str(), "not mine"),
    ];
    let size = served.app.home().vault.size();
    let came = served.post(Some(Role::Reviewer), &path, &other);
    assert_eq!(came.status, 303, "{}", came.text);
    assert_eq!(served.app.home().vault.size(), size + 1);
    let past = history(bob);
    assert_eq!(past.len(), 2);
    assert_eq!(
        (past[1].decision.as_str(), &past[1].shown_at),
        ("not mine", &None)
    );
    let nothing = [
        ("rows", rows.as_str()),
        ("stamp", "1.00"),
        (of_eve.as_str(), ""),
    ];
    let came = served.post(Some(Role::Owner), &path, &nothing);
    assert_eq!(came.status, 422, "{}", came.text);
}

#[test]
fn nobody_decides_about_themselves_or_for_others() {
    let served = firm(true);
    let id = opened(&served);
    let path = format!("/api/v1/reviews/{id}/decisions");
    let say = |row: u64, word: &str| json!({ "items": [{ "row": row, "decision": word, "comment": "so" }] });
    let size = served.app.home().vault.size();
    // Fay leads and may decide any row but her own.
    let fay = n(&served, &id, "fay");
    let own = token(&served, Role::Lead, "POST", &path, Some(&say(fay, "keep")));
    assert_eq!(own.status, 422, "{}", own.text);
    assert!(own.text.contains("own access"), "{}", own.text);
    let ada = n(&served, &id, "ada");
    let own = token(
        &served,
        Role::Reviewer,
        "POST",
        &path,
        Some(&say(ada, "keep")),
    );
    assert_eq!(own.status, 404, "{}", own.text);
    assert!(!own.text.contains("cyd@"), "{}", own.text);
    let others = token(
        &served,
        Role::Engineer,
        "POST",
        &path,
        Some(&say(ada, "keep")),
    );
    assert_eq!(others.status, 422, "{}", others.text);
    let auditor = token(
        &served,
        Role::Auditor,
        "POST",
        &path,
        Some(&say(ada, "keep")),
    );
    assert_eq!(auditor.status, 403);
    let of_ada = field("decision", ada);
    let rows = ada.to_string();
    let form = [("rows", rows.as_str()), (of_ada.as_str(), "keep")];
    let sent = served.post(Some(Role::Reviewer), &format!("/reviews/{id}/mine"), &form);
    assert_eq!(sent.status, 404, "{}", sent.text);
    assert_eq!(served.app.home().vault.size(), size + 4, "tokens only");
    let fits = token(&served, Role::Lead, "POST", &path, Some(&say(ada, "keep")));
    assert_eq!(fits.status, 201, "{}", fits.text);

    // Nor can the lead give somebody their own row.
    let assign = format!("/reviews/{id}/assign");
    let row = fay.to_string();
    let to = |to| [("row", row.as_str()), ("to", to), ("note", "on leave")];
    assert_eq!(
        served
            .post(Some(Role::Lead), &assign, &to("fay@firm.test"))
            .status,
        422
    );
    assert_eq!(
        served
            .post(Some(Role::Reviewer), &assign, &to("cyd@firm.test"))
            .status,
        403
    );
    assert_eq!(
        served
            .post(Some(Role::Lead), &assign, &to("cyd@firm.test"))
            .status,
        303
    );
    let mine = served.get(Some(Role::Owner), &format!("/reviews/{id}/mine"));
    assert!(mine.text.contains("Fay Agent"), "{}", mine.text);
}

#[test]
fn who_comes_next_in_line_finds_and_decides_what_waits_too_long() {
    for (days, added) in [(0, true), (1, false)] {
        let served = firm(true);
        bears(&served, Role::Reviewer, "cyd@firm.test");
        bears(&served, Role::Owner, "ada@firm.test");
        // No file may say that rows wait too long from the first day on.
        let mut home = Home::open(&served.app.home().folder).unwrap();
        home.config.review.escalate_after_days = days;
        let index = home.index().unwrap();
        let opening = review::Opening::default();
        let id = review::open(&home, &index, By::KEYBOARD, &opening)
            .unwrap()
            .id;
        let bob = n(&served, &id, "bob");
        let get = |path: &str| served.get(Some(Role::Reviewer), path);
        let mine = get(&format!("/reviews/{id}/mine?part=added"));
        assert_eq!(mine.status, 200, "{}", mine.text);
        assert_eq!(mine.text.contains("Bob Leaver"), added, "{}", mine.text);
        assert_eq!(mine.text.contains("You come next in line"), added);
        let row = get(&format!("/reviews/{id}/rows/{bob}"));
        assert_eq!(row.status == 200, added, "{}", row.text);
        let (rows, decision) = (bob.to_string(), field("decision", bob));
        let form = [("rows", rows.as_str()), (decision.as_str(), "remove")];
        let sent = served.post(Some(Role::Reviewer), &format!("/reviews/{id}/mine"), &form);
        assert_eq!(sent.status, if added { 303 } else { 404 }, "{}", sent.text);
        // Answered, it waits for nobody.
        let mine = get(&format!("/reviews/{id}/mine?part=added"));
        assert!(!mine.text.contains("Bob Leaver"), "{}", mine.text);
    }
}

#[test]
fn a_review_that_has_closed_keeps_its_decisions() {
    let served = firm(true);
    let id = opened(&served);
    let path = format!("/api/v1/reviews/{id}/decisions");
    let rows = ["ada", "bob", "cyd", "dee", "eve", "fay"].map(|login| n(&served, &id, login));
    let items = |of: &[u64]| {
        let one = |row: &u64| json!({ "row": row, "decision": "keep", "comment": "so" });
        json!({ "items": of.iter().map(one).collect::<Vec<_>>() })
    };
    for (role, of) in [(Role::Lead, &rows[..5]), (Role::Reviewer, &rows[5..])] {
        let sent = token(&served, role, "POST", &path, Some(&items(of)));
        assert_eq!(sent.status, 201, "{}", sent.text);
    }
    let late = token(&served, Role::Lead, "POST", &path, Some(&items(&rows[..1])));
    assert_eq!(late.status, 409, "{}", late.text);
    assert!(late.text.contains("has closed"), "{}", late.text);
}

#[test]
fn a_population_with_a_gap_is_refused_or_opened_loudly() {
    let served = firm(false);
    let before = served.app.home().vault.size();
    let refused = served.post(Some(Role::Lead), "/reviews/new", &[("title", "A test")]);
    assert_eq!(refused.status, 422, "{}", refused.text);
    for wanted in [
        "no source tells of any person",
        "name=\"despite_gaps\"",
        "value=\"A test\"",
    ] {
        assert!(refused.text.contains(wanted), "{wanted}: {}", refused.text);
    }
    assert_eq!(served.app.home().vault.size(), before);
    let noted = [
        ("title", "A test"),
        ("despite_gaps", "the list of people comes tomorrow"),
    ];
    let came = served.post(Some(Role::Lead), "/reviews/new", &noted);
    assert_eq!(came.status, 303, "{}", came.text);
    let place = came.place().split_once('?').unwrap().0.to_owned();
    let every = [
        "",
        "/mine",
        "/rows",
        "/rows/0",
        "/removals",
        "/late",
        "/report",
        "/assign?from=nobody",
    ];
    for path in every {
        let page = served.get(Some(Role::Lead), &format!("{place}{path}"));
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let loud = page.text.contains("Opened on an incomplete population")
            && page.text.contains("the list of people comes tomorrow");
        assert!(loud, "{path}: {}", page.text);
    }
    assert_eq!(
        served
            .post(Some(Role::Engineer), "/reviews/new", &noted)
            .status,
        403
    );
}

#[test]
fn only_rows_that_are_unchanged_and_alike_are_kept_at_one_stroke() {
    let served = firm(true);
    let first = opened(&served);
    let all = |id: &str| -> Vec<u64> {
        ["bob", "cyd", "dee", "eve", "fay"]
            .map(|login| n(&served, id, login))
            .to_vec()
    };
    let keep = |id: &str, rows: &[u64]| {
        let texts: Vec<String> = rows.iter().map(u64::to_string).collect();
        let spaced = texts.join(" ");
        let mut fields = vec![("rows", spaced.as_str())];
        fields.extend(texts.iter().map(|n| ("row", n.as_str())));
        served.post(
            Some(Role::Reviewer),
            &format!("/reviews/{id}/keep"),
            &fields,
        )
    };
    let size = served.app.home().vault.size();
    let came = keep(&first, &all(&first)[2..]);
    assert_eq!(came.status, 422, "{}", came.text);
    assert!(came.text.contains("no earlier review"), "{}", came.text);
    assert_eq!(served.app.home().vault.size(), size);

    let path = format!("/api/v1/reviews/{first}/decisions");
    let items: Vec<Value> = all(&first)
        .into_iter()
        .map(|row| json!({ "row": row, "decision": "keep", "comment": "known" }))
        .collect();
    let kept = token(
        &served,
        Role::Reviewer,
        "POST",
        &path,
        Some(&json!({ "items": items })),
    );
    assert_eq!(kept.status, 201, "{}", kept.text);
    let second = opened(&served);
    assert_ne!(first, second);
    let refused = keep(&second, &all(&second)[..1]);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused.text.contains("something speaks for its going"),
        "{}",
        refused.text
    );
    let page = served.get(Some(Role::Reviewer), &format!("/reviews/{second}/mine"));
    let group = page.text.split("?part=alike").nth(1);
    let group = group.unwrap_or_else(|| panic!("no group: {}", page.text));
    let place = group.split('"').next().unwrap().replace("&#38;", "&");
    let listed = served.get(
        Some(Role::Reviewer),
        &format!("/reviews/{second}/mine?part=alike{place}"),
    );
    let alike = all(&second)[2..].to_vec();
    for n in &alike {
        assert!(
            listed.text.contains(&format!("name=\"row\" value=\"{n}\"")),
            "{}",
            listed.text
        );
    }
    let came = keep(&second, &alike);
    assert_eq!(came.status, 303, "{}", came.text);
    let page = served.get(
        Some(Role::Reviewer),
        &format!("/reviews/{second}/mine?part=decided"),
    );
    assert!(page.text.contains("3 of 5"), "{}", page.text);
}

#[test]
fn a_removal_is_followed_and_the_report_asks_for_a_proof() {
    let served = firm(true);
    let id = opened(&served);
    let bob = n(&served, &id, "bob");
    let path = format!("/api/v1/reviews/{id}/decisions");
    let body = json!({ "items": [{ "row": bob, "decision": "remove" }] });
    let came = token(&served, Role::Reviewer, "POST", &path, Some(&body));
    assert_eq!(came.status, 201, "{}", came.text);
    let page = served.get(Some(Role::Lead), &format!("/reviews/{id}"));
    for wanted in [
        "0 of 1 removal proven gone",
        "no complete reading since shows it gone",
        "5 rows not reviewed",
    ] {
        assert!(page.text.contains(wanted), "{wanted}: {}", page.text);
    }
    let close = format!("/reviews/{id}/close");
    let came = served.post(Some(Role::Lead), &close, &[]);
    assert_eq!(came.status, 422, "{}", came.text);
    assert!(came.text.contains("cannot close"), "{}", came.text);

    let act = format!("/reviews/{id}/rows/{bob}/act");
    assert_eq!(
        served
            .post(Some(Role::Engineer), &act, &[("ticket", "OPS-7")])
            .status,
        303
    );
    let until = served.app.snapshot().unwrap().day().to_string();
    let except = [
        ("note", "needed until the move"),
        ("expires_on", until.as_str()),
    ];
    assert_eq!(served.post(Some(Role::Engineer), &act, &except).status, 403);
    assert_eq!(
        served.post(Some(Role::Lead), &act, &except[..1]).status,
        303
    );
    assert_eq!(served.post(Some(Role::Lead), &act, &except).status, 303);
    let row = served.get(Some(Role::Lead), &format!("/reviews/{id}/rows/{bob}"));
    for wanted in ["ticket OPS-7", "excepted", "by fay@firm.test"] {
        assert!(row.text.contains(wanted), "{wanted}: {}", row.text);
    }

    let report = format!("/reviews/{id}/report");
    assert_eq!(served.post(Some(Role::Engineer), &report, &[]).status, 403);
    let size = served.app.home().vault.size();
    let taken = served.post(Some(Role::Lead), &report, &[("form", "json")]);
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert_eq!(served.app.home().vault.size(), size + 1);
    let key = served.app.home().vault.public_key().clone();
    let checked = review::verify_report(&taken.text, &key).unwrap();
    assert_eq!(checked.campaign, id);
    assert!(review::verify_report(&taken.text.replace("OPS-7", "OPS-8"), &key).is_err());
}
