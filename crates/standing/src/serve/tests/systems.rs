//! Pages of systems.

use axum::body::Body;

use super::harness::Served;
use crate::serve::right::{Right, Role};

#[test]
fn systems_that_no_register_has_are_listed_too() {
    let served = Served::demo();
    let list = served.get(Some(Role::Auditor), "/systems");
    assert_eq!(list.status, 200);
    let says = |words: &str| assert!(list.text.contains(words), "{words} in {}", list.text);
    says("8 systems in the register, ");
    says("href=\"/systems/Larkfield%20Triage\"");
    let host = served.get(Some(Role::Auditor), "/systems?q=LKF-APP-01");
    assert_eq!(
        host.text.matches("data-label=\"Owner\"").count(),
        1,
        "{}",
        host.text
    );
    assert!(host.text.contains("not in the register; a machine"));
    let page = served.get(Some(Role::Auditor), "/systems/lkf-app-01");
    assert!(page.text.contains("It is not in the register of systems."));
    assert_eq!(
        served
            .get(Some(Role::Auditor), "/systems/none%2Fsuch")
            .status,
        404
    );
}

#[test]
fn a_system_says_what_it_holds_and_whether_it_would_come_back() {
    let served = Served::demo();
    let page = served.get(Some(Role::Auditor), "/systems/larkfield%20triage");
    assert_eq!(page.status, 200);
    let says = |words: &str| assert!(page.text.contains(words), "{words} in {}", page.text);
    says("<h1>Larkfield Triage</h1>");
    says("4 hours, losing at most 1 hour");
    says("larkfield-research-extract");
    // Two sources tell of its store, and what was restored is told once.
    assert_eq!(page.text.matches("81 minutes").count(), 1, "{}", page.text);
    says("href=\"/checks/restores_are_rehearsed?q=Larkfield%20Triage\"");
    says("href=\"/checks/stores_of_personal_data_are_registered?q=larkfield-research-extract\"");
    says("href=\"/systems/AWS\"");
    says("<code>backup</code>: <a href=\"/sources/backups\">backups</a>");
    says("href=\"/people/person?id=hr%2F");
}

#[test]
fn whoever_may_not_see_people_sees_counts_of_accounts_only() {
    let served = Served::demo();
    let token = served.token(Role::Owner, &[Right::Read]);
    let request = served
        .request(None, "GET", "/systems/Larkfield%20Triage")
        .header("authorization", format!("Bearer {token}"));
    let page = served.send(request.body(Body::empty()).unwrap());
    assert_eq!(page.status, 200);
    assert!(page.text.contains("shows counts only"));
    assert!(!page.text.contains("/people/person"), "{}", page.text);
    assert!(
        page.text
            .contains("9 <span class=\"small quiet\">of 9</span>"),
        "{}",
        page.text
    );
}
