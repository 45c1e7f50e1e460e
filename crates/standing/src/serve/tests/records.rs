//! Registers kept by hand.

use super::harness::Served;
use crate::commands::KINDS;
use crate::serve::right::{Right, Role};

const ENGINEER: Option<Role> = Some(Role::Engineer);
const LEAD: Option<Role> = Some(Role::Lead);

fn size(served: &Served) -> u64 {
    served.app.home().vault.size()
}

#[test]
fn every_register_has_its_page_and_a_form_made_from_its_declaration() {
    let served = Served::demo();
    let all = served.get(LEAD, "/records").text;
    for kind in KINDS {
        let (list, form) = (format!("/records/{kind}"), format!("/records/{kind}/new"));
        let (listed, asked) = (served.get(LEAD, &list), served.get(LEAD, &form));
        if ["attestation", "exception"].contains(kind) {
            assert_eq!((listed.status, asked.status), (303, 403), "{kind}");
            assert_eq!(served.post(LEAD, &form, &[]).status, 403, "{kind}");
            continue;
        }
        assert!(all.contains(&format!("<a href=\"{list}\">")), "{kind}");
        assert_eq!(
            (listed.status, asked.status),
            (200, 200),
            "{kind}: {}",
            asked.text
        );
        let table = standing_facts::tables::table(kind).unwrap();
        for column in table.columns {
            let named = asked.text.contains(&format!(" name=\"{}\"", column.name));
            let typed = !["id", "stated_by", "decided_by"].contains(&column.name);
            assert_eq!(named, typed, "{kind}.{}", column.name);
        }
    }
    assert_eq!(served.get(LEAD, "/records/account").status, 404);
}

#[test]
fn a_record_is_added_changed_and_ended() {
    let served = Served::demo();
    let before = size(&served);
    let fields = [
        ("name", "Test <Supplies>"),
        ("it_supplier", "yes"),
        ("contract_ends_on", "2027-03-31"),
    ];
    let added = served.post(ENGINEER, "/records/supplier/new", &fields);
    assert_eq!(added.status, 303, "{}", added.text);
    let entry = added.place().split_once("kept=").unwrap().1.to_owned();
    let list = served.get(ENGINEER, added.place()).text;
    assert!(list.contains("Test &#60;Supplies&#62;") && list.contains("31 March 2027"));

    let change = format!("/records/supplier/{entry}/change");
    let form = served.get(ENGINEER, &change).text;
    assert!(form.contains("value=\"2027-03-31\""));
    let changes = [("name", "Test Supplies Two"), ("once", "a-double-click")];
    let changed = served.post(ENGINEER, &change, &changes);
    assert_eq!(changed.status, 303, "{}", changed.text);
    let again = served.post(ENGINEER, &change, &changes);
    assert_eq!(again.place(), changed.place(), "{}", again.text);
    let list = served.get(ENGINEER, "/records/supplier").text;
    assert!(list.contains("Test Supplies Two") && !list.contains("Test &#60;Supplies"));
    assert_eq!(size(&served), before + 2);
    assert_eq!(served.get(ENGINEER, &change).status, 404);

    let entry = changed.place().split_once("kept=").unwrap().1.to_owned();
    let end = format!("/records/supplier/{entry}/end");
    assert_eq!(served.post(ENGINEER, &end, &[("reason", " ")]).status, 422);
    let ended = served.post(ENGINEER, &end, &[("reason", "We buy there no longer.")]);
    assert_eq!(ended.status, 303);
    let list = served.get(ENGINEER, "/records/supplier").text;
    assert!(!list.contains("Test Supplies Two"));
    assert_eq!(size(&served), before + 3);
}

#[test]
fn bad_input_names_the_field_and_keeps_what_was_typed() {
    let served = Served::demo();
    let before = size(&served);
    let fields = [
        ("contract_ends_on", "next year"),
        ("service", "Paper & \"pens\""),
    ];
    let came = served.post(ENGINEER, "/records/supplier/new", &fields);
    assert_eq!(came.status, 422);
    for wanted in [
        "<a href=\"#contract_ends_on\">",
        "<a href=\"#name\">",
        "value=\"Paper &#38; &#34;pens&#34;\"",
    ] {
        assert!(
            came.text.contains(wanted),
            "{wanted} is missing: {}",
            came.text
        );
    }
    let future = [
        ("table_name", "supplier"),
        ("statement", "All of them."),
        ("stated_on", "2999-01-01"),
    ];
    let came = served.post(LEAD, "/records/completeness/new", &future);
    assert_eq!(came.status, 422);
    assert!(came.text.contains("<a href=\"#stated_on\">"));
    assert!(came.text.contains("value=\"All of them.\""));
    assert_eq!(size(&served), before);
}

#[test]
fn who_may_not_write_in_a_register_does_not() {
    let served = Served::demo();
    let before = size(&served);
    let fields = [("name", "Test Supplies")];
    for role in [Role::Auditor, Role::Reviewer] {
        let sent = served.post(Some(role), "/records/supplier/new", &fields);
        assert_eq!(sent.status, 403, "{role}");
    }
    // That a list is complete is a statement: somebody must answer for it.
    let day = served.app.snapshot().unwrap().day().to_string();
    let complete = [
        ("table_name", "supplier"),
        ("statement", "Compared with the ledger."),
        ("stated_on", day.as_str()),
        ("stated_by", "Somebody Else (invented)"),
    ];
    let path = "/records/completeness/new";
    assert_eq!(served.post(ENGINEER, path, &complete).status, 403);
    assert_eq!(size(&served), before);
    assert_eq!(served.post(LEAD, path, &complete).status, 303);
    let list = served.get(LEAD, "/records/completeness").text;
    assert!(list.contains("The lead") && !list.contains("Somebody Else"));
}

#[test]
fn registers_of_people_want_the_right_to_see_people() {
    let served = Served::demo();
    let ask = |token: &str, path: &str| {
        let request = axum::http::Request::builder()
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        served.send(request)
    };
    let plain = served.token(Role::Lead, &[Right::Read]);
    let whole = served.token(Role::Lead, &[Right::Read, Right::ReadPersonal]);
    assert_eq!(ask(&plain, "/records/supplier").status, 200);
    assert_eq!(ask(&plain, "/records/person").status, 403);
    assert!(!ask(&plain, "/records").text.contains("/records/person\""));
    assert_eq!(ask(&whole, "/records/person").status, 200);
}

#[test]
fn only_somebody_who_may_attest_says_who_accepts_a_risk() {
    let served = Served::demo();
    let size = served.app.home().vault.size();
    let fields = [("title", "A test risk"), ("accepted_by", "Somebody Else")];
    let refused = served.post(Some(Role::Engineer), "/records/risk/new", &fields);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("only somebody who may attest"));
    assert_eq!(served.app.home().vault.size(), size);
    let kept = served.post(Some(Role::Lead), "/records/risk/new", &fields);
    assert_eq!(kept.status, 303, "{}", kept.text);
}
