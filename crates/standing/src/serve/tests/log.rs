//! The log: what it shows, its proofs, and erasing.

use serde_json::Value;
use standing_vault::{Hash, leaf_hash, verify_inclusion};

use super::harness::Served;
use crate::serve::right::{Right, Role};

fn entry_of_kind(served: &Served, kind: &str) -> standing_vault::Entry {
    let vault = &served.app.home().vault;
    let mut entries = vault.entries(0..vault.size()).unwrap();
    entries
        .find_map(|e| e.ok().filter(|e| e.kind == kind))
        .unwrap()
}

#[test]
fn the_proof_leads_from_the_entry_to_the_signed_root() {
    let served = Served::demo();
    let size = served.app.home().vault.size();
    for seq in [0, 1, size / 2, size - 1] {
        let came = served.get(Some(Role::Auditor), &format!("/log/{seq}/proof.json"));
        let proof = came.json();
        let word = |name: &str| proof[name].as_str().unwrap().to_owned();
        let path: Vec<Hash> = proof["path"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap())
            .collect();
        let leaf = leaf_hash(word("entry").as_bytes());
        assert_eq!(leaf.to_base64(), word("leaf_hash"));
        let root = Hash::from_base64(&word("root")).unwrap();
        let tree = proof["tree_size"].as_u64().unwrap();
        assert!(verify_inclusion(&leaf, seq, tree, &path, &root));
        assert!(word("checkpoint").contains(&format!("\n{tree}\n{}\n", word("root"))));
        let page = served.get(Some(Role::Auditor), &format!("/log/{seq}"));
        assert!(
            page.text.contains("</span> verified</strong>"),
            "{}",
            page.text
        );
    }
    let beyond = served.get(Some(Role::Auditor), &format!("/log/{size}"));
    assert_eq!(beyond.status, 404);
}

#[test]
fn an_entry_that_was_altered_is_not_verified() {
    let served = Served::demo();
    let home = served.app.home();
    let mut entry = entry_of_kind(&served, "collection");
    assert!(crate::serve::log::prove(&home, &entry).unwrap().verified);
    entry.body.insert("outcome".into(), Value::from("better"));
    assert!(!crate::serve::log::prove(&home, &entry).unwrap().verified);
}

#[test]
fn the_list_is_filtered_and_goes_on_where_it_ended() {
    let served = Served::demo();
    let first = served.get(Some(Role::Auditor), "/log").text;
    assert!(first.contains("Older →"));
    assert!(!first.contains("← Newest"));
    let size = served.app.home().vault.size();
    let below = size - 50;
    assert!(first.contains(&format!("/log?below={below}")), "{first}");
    let next = served.get(Some(Role::Auditor), &format!("/log?below={below}"));
    assert!(next.text.contains(&format!("href=\"/log/{}\"", below - 1)));
    assert!(!next.text.contains(&format!("href=\"/log/{below}\"")));

    let read = served
        .get(Some(Role::Auditor), "/log?kind=collection&about=hr")
        .text;
    assert!(read.contains("read hr completely: "), "{read}");
    assert!(!read.contains(">stated "));
    let nothing = served.get(Some(Role::Auditor), "/log?from=2031-01-01").text;
    assert!(nothing.contains("No entry is like that."));
    let wrong = served.get(Some(Role::Auditor), "/log?from=soon");
    assert_eq!(wrong.status, 400);
}

#[test]
fn payloads_are_files_and_what_lets_people_in_is_not_shown() {
    let served = Served::demo();
    let record = entry_of_kind(&served, "record");
    let blob = record.blobs()[0];
    let place = format!("/log/{}/blobs/{blob}", record.seq);
    let came = served.get(Some(Role::Auditor), &place);
    assert_eq!(came.status, 200);
    assert!(
        came.text.starts_with("{\"table\":\"attestation\""),
        "{}",
        came.text
    );
    assert!(
        came.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(came.headers["x-content-type-options"], "nosniff");
    let elsewhere = format!("/log/{}/blobs/{blob}", record.seq + 1);
    assert_eq!(served.get(Some(Role::Auditor), &elsewhere).status, 404);
    let member = entry_of_kind(&served, "member");
    let details = format!("/log/{}/blobs/{}", member.seq, member.blobs()[0]);
    assert_eq!(served.get(Some(Role::Owner), &details).status, 403);
}

#[test]
fn what_a_source_gave_is_for_whoever_may_export_and_has_proved_it() {
    let served = Served::demo();
    let run = entry_of_kind(&served, "collection");
    let facts = run.body["facts"]
        .as_str()
        .unwrap()
        .trim_start_matches("blob:");
    let place = format!("/log/{}/blobs/{facts}", run.seq);
    assert_eq!(served.get(Some(Role::Auditor), &place).status, 403);
    let now = jiff::Timestamp::now();
    let long_ago = now - jiff::SignedDuration::from_hours(1);
    let session = served.session(Role::Lead).id;
    served.app.sessions.prove(&session, long_ago).unwrap();
    let asked = served.get(Some(Role::Lead), &place);
    assert!(
        asked.place().starts_with("/prove?next="),
        "{}",
        asked.status
    );
    served.app.sessions.prove(&session, now).unwrap();
    let came = served.get(Some(Role::Lead), &place);
    assert_eq!(came.status, 200);
    assert!(came.text.starts_with("{\"table\":"), "{}", came.text);
    let token = served.token(Role::Lead, &[Right::Read, Right::ReadPersonal]);
    let request = axum::http::Request::builder()
        .uri(&place)
        .header("authorization", format!("Bearer {token}"))
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(served.send(request).status, 403);
    let page = served.get(Some(Role::Auditor), &format!("/log/{}", run.seq));
    assert!(page.text.contains(facts), "it is named");
    assert!(!page.text.contains(&place), "and not to be opened");
}

#[test]
fn erasing_asks_for_a_reason_and_a_word_and_says_afterwards_what_became_of_it() {
    let served = Served::demo();
    let record = entry_of_kind(&served, "record");
    let blob = record.blobs()[0];
    let reference = blob.reference();
    let place = format!("/log/{}/erase", record.seq);
    served
        .app
        .sessions
        .prove(&served.session(Role::Owner).id, jiff::Timestamp::now())
        .unwrap();
    let form = served.get(Some(Role::Owner), &place);
    assert!(
        form.text.contains("Lost: The record no longer counts"),
        "{}",
        form.text
    );
    let size = served.app.home().vault.size();
    let send = |fields: &[(&str, &str)]| served.post(Some(Role::Owner), &place, fields);
    for fields in [
        &[("blob", reference.as_str()), ("word", "erase")][..],
        &[
            ("blob", reference.as_str()),
            ("reason", "asked for"),
            ("word", "yes"),
        ],
        &[("reason", "asked for"), ("word", "erase")],
    ] {
        let refused = send(fields);
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("There is a problem"));
    }
    assert_eq!(served.app.home().vault.size(), size);
    let done = send(&[
        ("blob", &reference),
        ("reason", "asked for"),
        ("word", "erase"),
    ]);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = served
        .get(Some(Role::Owner), &format!("/log/{}", record.seq))
        .text;
    assert!(page.contains("erased</span> by The owner"), "{page}");
    assert!(page.contains("asked for"));
    assert!(page.contains("</span> verified</strong>"));
    let gone = served.get(
        Some(Role::Owner),
        &format!("/log/{}/blobs/{blob}", record.seq),
    );
    assert_eq!(gone.status, 410);
    assert_eq!(served.get(Some(Role::Lead), &place).status, 403);
}

#[test]
fn what_lets_a_member_in_is_not_erased_while_they_may_come_in() {
    let served = Served::demo();
    let member = entry_of_kind(&served, "member");
    let now = jiff::Timestamp::now();
    served
        .app
        .sessions
        .prove(&served.session(Role::Owner).id, now)
        .unwrap();
    let size = served.app.home().vault.size();
    let refused = served.post(
        Some(Role::Owner),
        &format!("/log/{}/erase", member.seq),
        &[
            ("blob", &member.blobs()[0].reference()),
            ("reason", "asked for"),
            ("word", "erase"),
        ],
    );
    assert!(refused.text.contains("end it first"), "{}", refused.text);
    assert_eq!(served.app.home().vault.size(), size);
}

#[test]
fn a_statement_says_in_the_log_which_item_it_is_about() {
    let served = Served::demo();
    let item = served.get(Some(Role::Auditor), "/log?about=4.2.4");
    assert!(
        item.text.contains("stated how item 4.2.4 stands"),
        "{}",
        item.text
    );
    assert!(!item.text.contains("stated how item 1.1.1 stands"));
}

#[test]
fn whoever_may_not_see_people_is_not_told_whose_account_fails() {
    let served = Served::demo();
    let ask = |scopes: &[Right], path: &str| {
        let token = served.token(Role::Owner, scopes);
        let request = axum::http::Request::builder()
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        served.send(request).text
    };
    for path in [
        "/",
        "/items/4.5.3",
        "/api/v1/standing",
        "/api/v1/items",
        "/api/v1/items/4.5.3",
        "/exports/status.json",
        "/exports/items.csv",
    ] {
        let all = ask(&[Right::Read, Right::ReadPersonal], path);
        let named = all.contains("First: ") || all.contains("Namely: ");
        assert!(named, "{path}: {all}");
        let some = ask(&[Right::Read], path);
        assert!(
            some.contains("Every account that people can use from outside"),
            "{path}: {some}"
        );
        assert!(
            !some.contains("First: ") && !some.contains("Namely: "),
            "{path}"
        );
    }
}
