//! Pages of people.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::harness::Served;
use crate::serve::right::Role;

const LEFT: &str = "/people/person?id=hr%2F000201";

#[test]
fn the_list_finds_people_and_says_who_has_left_and_can_still_come_in() {
    let served = Served::demo();
    let owner = Some(Role::Owner);
    let get = |path: &str| served.get(owner, path);
    let all = get("/people");
    let says = |words: &str| assert!(all.text.contains(words), "{words} in {}", all.text);
    says("1 person has left and still has an open account");
    says("1 to 50 of 51 people");
    says("<code>person</code>: <a href=\"/sources/hr\">hr</a>");
    let open = get("/people?show=open");
    assert_eq!(open.text.matches("data-label=\"Accounts\"").count(), 1);
    assert!(open.text.contains("2 of 4 open") && open.text.contains("left, still open"));
    let second = get("/people?page=2");
    assert_eq!(second.text.matches("data-label=\"Accounts\"").count(), 1);
    assert!(get("/people?q=UNDERLAKE").text.contains(LEFT));
    assert!(get("/people?q=%25").text.contains("Nobody is like that"));
    assert_eq!(get("/people?show=gone").status, 400);
    assert_eq!(served.get(Some(Role::Reviewer), "/people").status, 403);
}

#[test]
fn a_person_has_one_page_with_everything_and_where_it_comes_from() {
    let served = Served::demo();
    let page = served.get(Some(Role::Auditor), LEFT);
    assert_eq!(page.status, 200);
    let says = |words: &str| assert!(page.text.contains(words), "{words} in {}", page.text);
    says("and 2 of 4 accounts are still open.");
    says("href=\"/checks/leavers_have_no_access?q=");
    says("<a href=\"/sources/hr\">hr</a>, unchanged since ");
    says("<a href=\"/systems/Active%20Directory\">");
    says("told by 6 sources");
    let missing = served.get(Some(Role::Auditor), "/people/person?id=hr%2Fnobody");
    assert_eq!(missing.status, 404);
    // Somebody else's checks are not on this page.
    let other = served.get(Some(Role::Auditor), "/people?show=here");
    assert!(!other.text.contains(LEFT));
}

#[test]
fn accounts_of_nobody_are_listed_those_that_should_be_somebodys_first() {
    let served = Served::demo();
    let page = served.get(Some(Role::Auditor), "/people/unlinked");
    assert_eq!(page.status, 200);
    let found = served.get(Some(Role::Auditor), "/people/unlinked?q=frontdesk");
    assert_eq!(
        found.text.matches("data-label=\"Open\"").count(),
        1,
        "{}",
        found.text
    );
    assert!(
        found
            .text
            .contains("1 account belongs to no person we know")
    );
    let linked = served.get(Some(Role::Auditor), "/people/unlinked?q=cunderlake");
    assert!(linked.text.contains("No account is like that"));
}

#[test]
fn a_table_that_is_not_known_is_said_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    crate::init::make(
        folder.path(),
        "[organisation]\nname = \"Test Firm\"\n",
        None,
    )
    .unwrap();
    let served = Served::of(folder);
    for path in ["/people", "/systems"] {
        let page = served.get(Some(Role::Owner), path);
        assert_eq!(page.status, 200);
        assert!(
            page.text
                .contains("is not completely known: no source tells of any "),
            "{}",
            page.text
        );
    }
}

#[test]
fn what_was_counted_is_remembered_until_the_vault_is_judged_anew() {
    let served = Served::demo();
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = || {
        let (app, asked) = (&served.app, Arc::clone(&asked));
        let now = app.snapshot().unwrap();
        let question = move |_: &standing_assess::Estate<'_>| Ok(asked.fetch_add(1, Relaxed));
        let name = "times".to_owned();
        app.memory.ask(&app.readers, &now, name, question).unwrap()
    };
    assert_eq!((ask(), ask(), ask()), (0, 0, 0));
    served.app.judge_now().unwrap();
    assert_eq!((ask(), ask()), (1, 1));
}
