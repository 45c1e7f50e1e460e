//! The pages of items.

use super::harness::Served;
use crate::serve::right::Role;

const OWNER: Option<Role> = Some(Role::Owner);

#[test]
fn every_item_is_listed_and_has_a_page_of_its_own() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let list = served.get(OWNER, "/items").text;
    let print = served.get(OWNER, "/items?print=yes").text;
    assert!(now.today.items.len() > 40);
    for item in &now.today.items {
        let link = format!("<a href=\"/items/{}\">", item.item);
        assert!(list.contains(&link), "{} is not listed", item.item);
        assert!(print.contains(&link), "{} is not printed", item.item);
        let page = served.get(OWNER, &format!("/items/{}", item.item));
        assert_eq!(page.status, 200, "{}: {}", item.item, page.text);
        assert!(
            page.text
                .contains(&format!("</span> {}</strong>", item.verdict))
        );
        for entry in &item.evidence {
            let proof = format!("<a href=\"/log/{entry}\">");
            assert!(page.text.contains(&proof), "{}: entry {entry}", item.item);
        }
    }
}

#[test]
fn what_binds_is_counted_and_what_may_not_bind_is_shown_apart() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let list = served.get(OWNER, "/items").text;
    let (first, apart) = list
        .split_once("Not known whether they bind")
        .expect("a section of its own");
    for item in &now.today.items {
        let link = format!("<a href=\"/items/{}\"><span", item.item);
        assert_eq!(
            apart.contains(&link),
            item.asked != "yes",
            "{} is on the wrong side",
            item.item
        );
        assert_eq!(first.contains(&link), item.asked == "yes");
    }
    let binding = now.today.binding();
    let met = now
        .today
        .items
        .iter()
        .filter(|i| i.binds() && !i.in_the_way());
    assert!(list.contains(&format!(
        "<h1>Items: {} of {binding} that bind are met</h1>",
        met.count()
    )));
}

#[test]
fn a_filter_shows_what_is_asked_for_and_says_how_many() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let items = &now.today.items;
    let path = "/items?verdict=not+met&binding=yes";
    let list = served.get(OWNER, path).text;
    let wanted = items.iter().filter(|i| i.in_the_way()).count();
    assert!(wanted > 0 && wanted < items.len());
    assert!(list.contains(&format!("{wanted} of {} items shown.", items.len())));
    let shown = items
        .iter()
        .filter(|i| list.contains(&format!("<a href=\"/items/{}\"><span", i.item)));
    assert_eq!(shown.count(), wanted);
    // What a choice would show is said beside it.
    assert!(list.contains(&format!("selected>not met ({wanted})</option>")));
    let text = served.get(OWNER, "/items?text=ACCESS+removed").text;
    assert!(text.contains("1 of 58 items shown.") && text.contains("/items/4.2.4\"><span"));
    let none = served.get(OWNER, "/items?text=%3Cb%3Enothing").text;
    assert!(none.contains("No item is as you asked."));
    assert!(none.contains("&#60;b&#62;nothing") && !none.contains("<b>nothing"));
}

#[test]
fn an_item_says_first_how_it_stands_whose_turn_it_is_and_what_to_do() {
    let served = Served::demo();
    let page = served.get(OWNER, "/items/4.2.4").text;
    let first = page.split_once("What is measured").unwrap().0;
    for wanted in [
        "not met</strong>",
        "contradicted",
        "24 of 24 fail",
        "whoever looks after what is named",
        "/checks/access_is_reviewed_quarterly?verdict=not%20met",
        "/items/4.2.4/attest",
    ] {
        assert!(first.contains(wanted), "{wanted} is missing in {first}");
    }
    assert!(page.contains("mandatory for GP practices in v8, therefore likely"));
    assert!(page.contains("Who removes access, and by which procedure."));
    assert!(page.contains("<textarea id=\"draft\""));
}

#[test]
fn an_item_that_is_not_there_is_not_found() {
    let served = Served::demo();
    for path in ["/items/99.9.9", "/items/nothing", "/items/4.2.4/attest/x"] {
        assert_eq!(served.get(OWNER, path).status, 404, "{path}");
    }
    assert_eq!(served.get(OWNER, "/items/99.9.9/attest").status, 404);
    assert_eq!(served.get(Some(Role::Reviewer), "/items").status, 403);
    assert_eq!(served.get(Some(Role::Reviewer), "/items/4.2.4").status, 403);
}

#[test]
fn an_auditor_is_offered_nothing_to_change() {
    let served = Served::demo();
    let page = served.get(Some(Role::Auditor), "/items/4.2.4").text;
    assert!(page.contains("What is measured"));
    assert!(!page.contains("/attest") && !page.contains("/withdraw"));
}
