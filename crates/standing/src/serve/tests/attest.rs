//! A person answers for an item, grants an exception, and takes either back.

use jiff::ToSpan;
use standing_assess::check::Verdict;
use standing_assess::index::Wanted;

use super::harness::{Came, Served};
use crate::serve::right::Role;

const LEAD: Option<Role> = Some(Role::Lead);

/// A statement that may be kept, but for the fields given.
fn state(served: &Served, item: &str, other: &[(&str, &str)]) -> Came {
    let until = served
        .app
        .snapshot()
        .unwrap()
        .day()
        .saturating_add(6.months());
    let until = until.to_string();
    let usual = [
        ("answer", "yes"),
        ("statement", "It is so; the test looked."),
        ("role", "SIRO"),
        ("expires_on", until.as_str()),
        ("declared", "yes"),
    ];
    let mut fields: Vec<(&str, &str)> = usual
        .into_iter()
        .filter(|(name, _)| !other.iter().any(|(n, _)| n == name))
        .collect();
    fields.extend(other);
    let came = served.post(LEAD, &format!("/items/{item}/attest"), &fields);
    served.app.judge_now().unwrap();
    came
}

fn size(served: &Served) -> u64 {
    served.app.home().vault.size()
}

fn verdict(served: &Served, item: &str) -> Verdict {
    let now = served.app.snapshot().unwrap();
    let found = now.today.items.iter().find(|i| i.item == item);
    found.unwrap().verdict
}

/// An item that may be answered with "not applicable", or not.
fn item_that(served: &Served, may_not_apply: bool) -> String {
    let now = served.app.snapshot().unwrap();
    let found = now.today.items.iter().find(|standing| {
        let known = now.terms.catalogue.item(standing.item.parse().unwrap());
        let bare = standing.checks.is_empty() && standing.verdict == Verdict::Met;
        bare && known.unwrap().not_applicable_allowed == may_not_apply
    });
    found.expect("the demonstration has one").item.clone()
}

#[test]
fn only_those_who_answer_for_the_firm_may_state() {
    let served = Served::demo();
    let before = size(&served);
    for role in [Role::Engineer, Role::Reviewer, Role::Auditor] {
        for path in [
            "/items/1.1.1/attest",
            "/items/1.1.1/withdraw",
            "/exceptions/new",
        ] {
            assert_eq!(served.get(Some(role), path).status, 403, "{role} {path}");
            let sent = served.post(Some(role), path, &[("answer", "yes")]);
            assert_eq!(sent.status, 403, "{role} {path}");
        }
    }
    assert_eq!(size(&served), before);
}

#[test]
fn a_statement_is_kept_in_the_members_name_and_changes_the_verdict() {
    let served = Served::demo();
    let item = item_that(&served, false);
    assert_eq!(verdict(&served, &item), Verdict::Met);
    let said = [
        ("answer", "no"),
        ("statement", "It ended last week."),
        ("stated_by", "Somebody Else (invented)"),
    ];
    let came = state(&served, &item, &said);
    assert_eq!(came.status, 303, "{}", came.text);
    let entry = came.place().split_once("?kept=").unwrap().1.to_owned();
    assert_eq!(came.place(), format!("/items/{item}?kept={entry}"));
    assert_eq!(verdict(&served, &item), Verdict::NotMet);

    let page = served.get(LEAD, came.place()).text;
    assert!(page.contains("not met</strong>"));
    assert!(page.contains("It ended last week."));
    assert!(page.contains("The lead states that it is not so") || page.contains("The lead (SIRO)"));
    assert!(!page.contains("Somebody Else"));

    let index = served.app.home().index().unwrap();
    let log = index.headings(&Wanted::default(), 1).unwrap();
    assert_eq!(log[0].seq.to_string(), entry);
    assert_eq!(log[0].actor, served.member(Role::Lead));
    assert_eq!(
        (log[0].kind.as_str(), log[0].about.as_str()),
        ("record", "1.1.1")
    );
    let day = served.app.snapshot().unwrap().day();
    let now = served.app.snapshot().unwrap();
    let kept = now.today.items.iter().find(|i| i.item == item).unwrap();
    assert_eq!(kept.statement.as_ref().unwrap().stated_on, day);
    assert_eq!(kept.statement.as_ref().unwrap().stated_by, "The lead");
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_field_and_what_was_typed() {
    let served = Served::demo();
    let item = item_that(&served, false);
    let loose = item_that(&served, true);
    let day = served.app.snapshot().unwrap().day();
    let too_late = day.saturating_add(60.months()).to_string();
    let past = day.yesterday().unwrap().to_string();
    let before = size(&served);
    let na = ("answer", "not applicable");
    for (item, field, said) in [
        (&item, "answer", vec![("answer", "")]),
        (&item, "answer", vec![("answer", "perhaps")]),
        (&item, "answer", vec![na, ("statement", "We have none.")]),
        (&loose, "statement", vec![na, ("statement", " ")]),
        (&item, "statement", vec![("statement", "")]),
        (&item, "expires_on", vec![("expires_on", too_late.as_str())]),
        (&item, "expires_on", vec![("expires_on", past.as_str())]),
        (&item, "expires_on", vec![("expires_on", "31/03/2027")]),
        (&item, "role", vec![("role", "")]),
        (&item, "declared", vec![("declared", "")]),
    ] {
        let mut fields = said.clone();
        fields.push(("unrelated", "x"));
        if !said.iter().any(|(name, _)| *name == "statement") {
            fields.push(("statement", "Kept <while> it is mended."));
        }
        let came = state(&served, item, &fields);
        assert_eq!(came.status, 422, "{said:?}");
        assert!(came.text.contains("error-summary"), "{said:?}");
        assert!(
            came.text.contains(&format!("<a href=\"#{field}\">")),
            "{said:?}: {field} is not named"
        );
        assert!(came.text.contains(&format!("id=\"{field}\"")), "{field}");
        if fields.contains(&("statement", "Kept <while> it is mended.")) {
            assert!(came.text.contains("Kept &#60;while&#62; it is mended."));
        }
    }
    assert_eq!(size(&served), before, "something was written");
}

#[test]
fn not_applicable_is_kept_where_it_is_allowed_and_has_a_reason() {
    let served = Served::demo();
    let item = item_that(&served, true);
    let said = [
        ("answer", "not applicable"),
        ("statement", "We have none of these."),
    ];
    assert_eq!(state(&served, &item, &said).status, 303);
    assert_eq!(verdict(&served, &item), Verdict::NotApplicable);
    let list = served.get(LEAD, "/items?verdict=not+applicable").text;
    assert!(list.contains(&format!("/items/{item}\"><span")));
}

#[test]
fn a_statement_is_text_and_never_becomes_part_of_the_page() {
    let served = Served::demo();
    let item = item_that(&served, false);
    let hostile = "</textarea></blockquote><script>alert(1)</script>\"'><img src=x onerror=y>";
    let came = state(&served, &item, &[("statement", hostile), ("role", hostile)]);
    assert_eq!(came.status, 303, "{}", came.text);
    for path in [
        format!("/items/{item}"),
        format!("/items/{item}/attest"),
        format!("/items/{item}/withdraw"),
        "/items?print=yes".into(),
    ] {
        let page = served.get(LEAD, &path).text;
        assert!(page.contains("&#60;script&#62;alert(1)"), "{path}");
        assert!(
            !page.contains("<script>alert") && !page.contains("<img src=x"),
            "{path}"
        );
    }
}

#[test]
fn a_double_click_makes_one_entry() {
    let served = Served::demo();
    let form = served.get(LEAD, "/items/1.1.1/attest").text;
    let once = form.split_once("name=\"once\" value=\"").unwrap().1;
    let once = once.split_once('"').unwrap().0;
    assert_eq!(once.len(), 16, "{once}");
    let before = size(&served);
    let first = state(&served, "1.1.1", &[("once", once)]);
    let again = state(&served, "1.1.1", &[("once", once)]);
    assert_eq!((first.status, again.status), (303, 303), "{}", again.text);
    assert_eq!(first.place(), again.place());
    assert_eq!(size(&served), before + 1);
    // Whoever goes back and corrects it sends another form.
    let corrected = [
        ("once", once),
        ("statement", "It is so, and now spelt right."),
    ];
    assert_eq!(state(&served, "1.1.1", &corrected).status, 303);
    assert_eq!(size(&served), before + 2);
}

#[test]
fn what_the_systems_say_otherwise_is_shown_before_it_is_stated() {
    let served = Served::demo();
    let page = served.get(LEAD, "/items/4.2.4/attest").text;
    assert!(page.contains("The systems say otherwise."));
    assert!(page.contains("Nobody who has left still has a working account."));
    assert!(page.contains("26 of 28 met, 2 not met"));
    let calm = served.get(
        LEAD,
        &format!("/items/{}/attest", item_that(&served, false)),
    );
    assert!(!calm.text.contains("The systems say otherwise."));
}

#[test]
fn a_withdrawn_statement_counts_no_longer_and_can_be_taken_up_again() {
    let served = Served::demo();
    let item = item_that(&served, false);
    let now = served.app.snapshot().unwrap();
    let standing = now.today.items.iter().find(|i| i.item == item).unwrap();
    let entry = standing.statement.as_ref().unwrap().entry.to_string();
    let path = format!("/items/{item}/withdraw");
    let before = size(&served);
    for fields in [
        vec![("entry", entry.as_str()), ("reason", ""), ("sure", "yes")],
        vec![("entry", entry.as_str()), ("reason", "It was wrong.")],
    ] {
        assert_eq!(served.post(LEAD, &path, &fields).status, 422, "{fields:?}");
    }
    let other = [("entry", "1000000"), ("reason", "x"), ("sure", "yes")];
    assert_eq!(served.post(LEAD, &path, &other).status, 409);
    assert_eq!(size(&served), before);

    let good = [
        ("entry", entry.as_str()),
        ("reason", "It was wrong."),
        ("sure", "yes"),
        ("once", "a-double-click"),
    ];
    assert_eq!(served.post(LEAD, &path, &good).status, 303);
    served.app.judge_now().unwrap();
    assert_eq!(served.post(LEAD, &path, &good).status, 303, "sent twice");
    assert_eq!(size(&served), before + 1);
    assert_eq!(verdict(&served, &item), Verdict::Unknown);
    let page = served.get(LEAD, &format!("/items/{item}")).text;
    assert!(page.contains("Nobody has stated anything about this item."));
    assert!(page.contains("Statements made before") && page.contains("to re-prove"));
    let text = standing.statement.as_ref().unwrap().statement.clone();
    let again = served
        .get(LEAD, &format!("/items/{item}/attest?from={entry}"))
        .text;
    assert!(again.contains(&text[..40]));
}

#[test]
fn an_exception_lets_one_subject_pass_and_is_ended_again() {
    let served = Served::demo();
    let check = "leavers_have_no_access";
    let find = || {
        let now = served.app.snapshot().unwrap();
        let result = &now.today.checks[check];
        let failing = result
            .subjects
            .iter()
            .find(|s| s.verdict == Verdict::NotMet);
        (failing.unwrap().subject.clone(), result.excepted)
    };
    let (subject, excepted) = find();
    let day = served.app.snapshot().unwrap().day();
    let (fair, long) = (
        day.saturating_add(2.months()),
        day.saturating_add(13.months()),
    );
    let (fair, long) = (fair.to_string(), long.to_string());
    let form = |until, why| {
        let fields = [
            ("check_name", check),
            ("subject", subject.as_str()),
            ("reason", why),
            ("expires_on", until),
        ];
        let came = served.post(LEAD, "/exceptions/new", &fields);
        served.app.judge_now().unwrap();
        came
    };
    let before = size(&served);
    for refused in [form(&long, "It is <needed>."), form(&fair, "")] {
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("error-summary"));
    }
    assert_eq!(size(&served), before);
    let granted = form(&fair, "It is <needed>.");
    assert_eq!(granted.status, 303, "{}", granted.text);
    assert_eq!(find().1, excepted + 1);
    let list = served.get(LEAD, granted.place()).text;
    assert!(list.contains("It is &#60;needed&#62;.") && list.contains("The lead"));

    let entry = granted.place().split_once("kept=").unwrap().1.to_owned();
    let end = format!("/exceptions/{entry}/end");
    assert_eq!(served.post(LEAD, &end, &[("reason", "")]).status, 422);
    let good = [("reason", "It is mended."), ("once", "a-double-click")];
    assert_eq!(served.post(LEAD, &end, &good).status, 303);
    assert_eq!(served.post(LEAD, &end, &good).status, 303, "sent twice");
    served.app.judge_now().unwrap();
    assert_eq!(find().1, excepted);
    assert_eq!(served.get(LEAD, &end).status, 404);
}
