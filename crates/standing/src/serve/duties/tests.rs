//! Each is told once, whatever fails.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::ToSpan;
use lettre::message::Mailbox;

use super::super::notify::channel::Refused;
use super::super::notify::message::Message;
use super::*;
use crate::review::{Opening, Why};

const LEAD: &str = "the.lead@firm.example";

/// What the other side does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Takes,
    Refuses,
    /// The process dies before anything went out.
    DiesBefore,
    /// The process dies after it went out.
    DiesAfter,
}

/// A demonstration with a campaign.
struct Told {
    _folder: tempfile::TempDir,
    home: Home,
    now: Timestamp,
    /// To whom, the message's name, and what it said.
    sent: RefCell<Vec<(String, String, Message)>>,
}

impl Told {
    fn demo() -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::demo::make(folder.path(), 1).unwrap();
        let home = Home::open(folder.path()).unwrap();
        let index = home.index().unwrap();
        let opening = Opening {
            despite_gaps: Some("a test".into()),
            lead: Some(LEAD.into()),
            ..Opening::default()
        };
        review::open(&home, &index, By::KEYBOARD, &opening).unwrap();
        Told {
            _folder: folder,
            home,
            now: Timestamp::now(),
            sent: RefCell::default(),
        }
    }

    fn later(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// One look so many days after the opening; gives what is new of what was sent.
    fn look(&self, days: i64, only_urgent: bool, does: Does) -> Vec<(String, String, Message)> {
        let before = self.sent.borrow().len();
        let post = |to: &[Mailbox], message: &Message, id: &str| {
            assert_ne!(does, Does::DiesBefore, "dies as it should");
            let to = to[0].email.to_string();
            let sent = (to, id.to_owned(), message.clone());
            self.sent.borrow_mut().push(sent);
            assert_ne!(does, Does::DiesAfter, "dies as it should");
            match does {
                Does::Takes => Ok(()),
                _ => Err(Refused::new("550", "somebody@firm.example is not here")),
            }
        };
        let as_of = AsOf::end_of(AsOf::at(Timestamp::now()).date.saturating_add(days.days()));
        let looked = || {
            let index = self.home.index().unwrap();
            tell(&Telling {
                home: &self.home,
                index: &index,
                by: By::NOTIFIER,
                as_of: &as_of,
                only: None,
                only_urgent,
                now: self.now,
                post: &post,
            })
        };
        if let Ok(done) = catch_unwind(AssertUnwindSafe(looked)) {
            done.unwrap();
        }
        self.sent.borrow()[before..].to_vec()
    }
}

#[test]
fn each_is_told_once_and_weekly_as_long_as_rows_wait() {
    let told = Told::demo();
    let first = told.look(0, true, Does::Takes);
    assert!(!first.is_empty());
    let mut to: Vec<&str> = first.iter().map(|(to, _, _)| to.as_str()).collect();
    to.dedup();
    assert_eq!(to.len(), first.len(), "one message to each");
    assert!(told.look(0, false, Does::Takes).is_empty());
    assert!(told.look(6, false, Does::Takes).is_empty());
    // A reminder waits for the hour of the day.
    assert!(told.look(7, true, Does::Takes).is_empty());
    assert_eq!(told.look(7, false, Does::Takes).len(), first.len());
    assert!(told.look(8, false, Does::Takes).is_empty());
}

#[test]
fn a_message_leads_to_the_task_and_names_nobody() {
    let told = Told::demo();
    let index = told.home.index().unwrap();
    let id = index.review_campaigns().unwrap()[0].id.clone();
    let rows = review::rows(&index, &id, &review::Wanted::default(), None, 1_000).unwrap();
    let all = told.look(0, true, Does::Takes);
    let others = told.look(15, false, Does::Takes);
    assert!(others.iter().any(|(to, _, _)| to == LEAD));
    for (to, _, message) in all.iter().chain(&others) {
        let text = format!("{}\n{}", message.subject, message.text());
        let place = format!("/reviews/{id}");
        let mine = format!("{place}/mine");
        // Whoever may only decide too has no rows of their own there.
        assert!(
            message.link.ends_with(&mine) || message.link.ends_with(&place),
            "{to}: {text}"
        );
        assert!(text.contains(&message.link), "{text}");
        for row in &rows.rows {
            assert!(
                !text.contains(&row.line.login),
                "{} in {text}",
                row.line.login
            );
            let person = row.line.person.as_ref().and_then(|p| p.name.as_deref());
            assert!(person.is_none_or(|name| !text.contains(name)), "{text}");
            assert!(row.reviewer.is_empty() || !text.contains(&row.reviewer));
        }
    }
}

#[test]
fn killed_anywhere_nothing_is_lost_and_nothing_is_sent_under_two_names() {
    for dies in [Does::DiesBefore, Does::DiesAfter] {
        let told = Told::demo();
        let lost = told.look(0, true, dies);
        assert_eq!(lost.len(), usize::from(dies == Does::DiesAfter));
        let after = told.look(0, true, Does::Takes);
        assert!(!after.is_empty());
        if let Some((to, id, message)) = lost.first() {
            let again = after.iter().find(|(t, _, _)| t == to).unwrap();
            assert_eq!((&again.1, &again.2), (id, message), "the same again");
        }
        assert!(told.look(0, false, Does::Takes).is_empty(), "{dies:?}");
    }
}

#[test]
fn what_is_not_taken_is_tried_again_later_under_its_name() {
    let mut told = Told::demo();
    let first = told.look(0, true, Does::Refuses);
    let index = told.home.index().unwrap();
    let id = index.review_campaigns().unwrap()[0].id.clone();
    assert_eq!(unreached(&index, &id).unwrap().len(), first.len());
    assert!(told.look(0, true, Does::Takes).is_empty(), "not at once");
    told.later(6);
    let names = |sent: &[(String, String, Message)]| -> Vec<String> {
        sent.iter().map(|(_, id, _)| id.clone()).collect()
    };
    let again = told.look(0, true, Does::Takes);
    assert_eq!(names(&again), names(&first));
    assert!(told.look(0, true, Does::Takes).is_empty());
    let index = told.home.index().unwrap();
    assert!(unreached(&index, &id).unwrap().is_empty());
    // The log says how it went and names nobody.
    let kept = std::fs::read_dir(told.home.folder.join("vault/log")).unwrap();
    assert!(kept.count() > 0);
}

#[test]
fn after_so_many_days_the_next_in_line_the_old_one_and_the_lead_are_told() {
    let told = Told::demo();
    let index = told.home.index().unwrap();
    let on = |days: i64| AsOf::end_of(AsOf::at(Timestamp::now()).date.saturating_add(days.days()));
    let escalations = |days| {
        let duties = review::duties(&index, &on(days)).unwrap();
        let of = duties.into_iter().filter(|d| d.why == Why::Escalation);
        of.collect::<Vec<_>>()
    };
    assert!(escalations(13).is_empty());
    let found = escalations(14);
    let old = found.iter().filter(|d| d.about.as_ref() == Some(&d.to));
    assert!(old.count() > 0, "the one who was to decide");
    assert!(found.iter().any(|d| d.stage == "escalation"), "the next");
    assert!(found.iter().any(|d| d.to.email == LEAD), "the lead");
    // Who was added may decide, but not before.
    let id = index.review_campaigns().unwrap()[0].id.clone();
    let campaign = review::campaign(&index, &id).unwrap();
    let rows = review::rows(&index, &id, &review::Wanted::default(), None, 1_000).unwrap();
    let row = rows
        .rows
        .iter()
        .find(|r| r.next_in_line().is_some())
        .unwrap();
    let next = row.next_in_line().unwrap();
    assert!(!review::is_added(&campaign, row, next, on(13).date));
    assert!(review::is_added(&campaign, row, next, on(14).date));
    assert!(!review::is_added(
        &campaign,
        row,
        "stranger@firm.example",
        on(14).date
    ));
}

#[test]
fn without_a_way_nothing_is_written() {
    let told = Told::demo();
    assert!(!review_mail_configured(&told.home));
    let index = told.home.index().unwrap();
    let before = told.home.vault.refresh().unwrap();
    let as_of = AsOf::at(told.now);
    let came = remind(&told.home, &index, By::NOTIFIER, &as_of, None).unwrap();
    assert!(came.is_none());
    assert_eq!(told.home.vault.refresh().unwrap(), before);
}

#[test]
fn what_is_due_is_opened_once_and_what_is_refused_is_kept_once_a_day() {
    let folder = tempfile::tempdir().unwrap();
    crate::demo::make(folder.path(), 1).unwrap();
    let home = Home::open(folder.path()).unwrap();
    let index = home.index().unwrap();
    let now = Timestamp::now();
    let kept = |kind: &str| -> usize { index.review_batches("", kind).unwrap().len() };
    let first = opening::open_if_due(&home, &index, By::SCHEDULER, now).unwrap();
    let (opened, refused) = (usize::from(first.is_some()), kept("refused"));
    assert_eq!(opened + refused, 1, "{first:?}");
    for _ in 0..3 {
        assert_eq!(
            opening::open_if_due(&home, &index, By::SCHEDULER, now).unwrap(),
            None
        );
    }
    assert_eq!(index.review_campaigns().unwrap().len(), opened);
    assert_eq!(kept("refused"), refused);
}
