//! The calendar and its feed.

use super::harness::Served;
use crate::home::By;
use crate::serve::members;
use crate::serve::right::Role;

const AUDITOR: Option<Role> = Some(Role::Auditor);

/// The path of the link that a page shows.
fn link(page: &str) -> String {
    let (_, from) = page.split_once("/calendar/").unwrap();
    let (secret, _) = from.split_once(".ics").unwrap();
    format!("/calendar/{secret}.ics")
}

fn feed_of(served: &Served, role: Role) -> String {
    let made = served.post(Some(role), "/calendar/feed", &[]);
    assert_eq!(made.status, 200, "{}", made.text);
    let pre = made.text.find("data-secret>").unwrap();
    link(&made.text[pre..])
}

#[test]
fn what_is_due_is_listed_by_month_and_filtered_by_kind() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let all = served.get(AUDITOR, "/calendar?kind=all");
    assert_eq!(all.status, 200, "{}", all.text);
    assert!(all.text.contains("Publication is planned for this day."));
    let source = now
        .today
        .lapses
        .iter()
        .find(|l| l.what == "source")
        .unwrap();
    assert!(all.text.contains(&format!("/sources/{}\"", source.name)));
    let to_do = served.get(AUDITOR, "/calendar");
    assert!(
        !to_do.text.contains("must be read again"),
        "reading does that"
    );
    let statements = served.get(AUDITOR, "/calendar?kind=statement");
    assert!(statements.text.contains(" items expire."), "one line a day");
    assert!(!statements.text.contains("Publication is planned"));
    assert_eq!(served.get(AUDITOR, "/calendar?kind=soon").status, 422);
}

#[test]
fn only_owners_see_when_tokens_end() {
    let served = Served::demo();
    served.token(Role::Lead, &[]);
    let ends = |role| {
        served
            .get(Some(role), "/calendar")
            .text
            .contains("An API token ends.")
    };
    assert!(ends(Role::Owner));
    assert!(!ends(Role::Auditor));
}

#[test]
fn the_feed_is_read_by_its_link_alone_and_names_nobody() {
    let served = Served::demo();
    served.token(Role::Lead, &[]);
    let path = feed_of(&served, Role::Owner);
    let ics = served.get(None, &path);
    assert_eq!(ics.status, 200, "{}", ics.text);
    assert_eq!(ics.headers["content-type"], "text/calendar; charset=utf-8");
    let begun = ics.text.matches("BEGIN:VEVENT\r\n").count();
    assert!(begun > 3, "{}", ics.text);
    for part in [
        "END:VEVENT",
        "UID:",
        "DTSTAMP:",
        "DTSTART;VALUE=DATE:",
        "SUMMARY:",
    ] {
        assert_eq!(
            ics.text.matches(&format!("\r\n{part}")).count(),
            begun,
            "{part}"
        );
    }
    assert!(
        ics.text.contains("\r\nSUMMARY:An API token ends.\r\n"),
        "without its label"
    );
    for member in served.app.members().members.values() {
        assert!(!ics.text.contains(&member.name), "{}", member.name);
    }
    let uids = |text: &str| -> Vec<String> {
        let all = text.lines().filter(|l| l.starts_with("UID:"));
        let mut all: Vec<String> = all.map(str::to_owned).collect();
        all.sort();
        all
    };
    let mut once = uids(&ics.text);
    once.dedup();
    assert_eq!(once.len(), begun, "each its own");
    served.app.judge_now().unwrap();
    assert_eq!(
        uids(&served.get(None, &path).text),
        once,
        "and the same later"
    );
}

#[test]
fn only_a_hash_of_the_link_is_kept() {
    let served = Served::demo();
    let path = feed_of(&served, Role::Lead);
    let secret = path.trim_end_matches(".ics").rsplit('.').next().unwrap();
    let feed = served.app.members();
    let feed = feed.feeds_of(served.member(Role::Lead)).next().unwrap();
    assert_eq!(feed.hash, members::hash(secret));
    let entry = served.app.home().vault.entries(feed.entry..feed.entry + 1);
    let entry = entry.unwrap().next().unwrap().unwrap();
    assert!(!serde_json::to_string(&entry.body).unwrap().contains(secret));
    let page = served.get(Some(Role::Lead), "/calendar");
    assert!(!page.text.contains(secret));
}

#[test]
fn a_link_ends_when_withdrawn_replaced_or_its_member_is_ended() {
    let served = Served::demo();
    let first = feed_of(&served, Role::Lead);
    let second = feed_of(&served, Role::Lead);
    assert_eq!(served.get(None, &first).status, 404, "replaced");
    assert_eq!(served.get(None, &second).status, 200);
    let done = served.post(Some(Role::Lead), "/calendar/feed/end", &[]);
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(served.get(None, &second).status, 404, "withdrawn");
    let third = feed_of(&served, Role::Engineer);
    let engineer = served.member(Role::Engineer).to_owned();
    served
        .app
        .act(By::KEYBOARD, |home, index| {
            let ends = vec![members::ends("member", &engineer, "test")];
            members::keep(home, index, By::KEYBOARD, ends)
        })
        .unwrap();
    assert_eq!(served.get(None, &third).status, 404, "ended");
}

#[test]
fn a_link_that_is_guessed_or_half_right_shows_nothing() {
    let served = Served::demo();
    let path = feed_of(&served, Role::Lead);
    let wrong = path.replace(".ics", "A.ics");
    for path in [
        &wrong,
        "/calendar/x.ics",
        "/calendar/.ics",
        path.trim_end_matches(".ics"),
    ] {
        assert_eq!(served.get(None, path).status, 404, "{path}");
    }
}

#[test]
fn a_reviewer_has_no_calendar_and_no_link() {
    let served = Served::demo();
    assert_eq!(served.get(Some(Role::Reviewer), "/calendar").status, 403);
    let refused = served.post(Some(Role::Reviewer), "/calendar/feed", &[]);
    assert_eq!(refused.status, 403);
}
