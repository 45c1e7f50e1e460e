//! What is told, once, whatever fails.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::*;
use crate::home::By;
use picture::Picture;

const HOOK: &str = "\n[[notify.webhook]]\nname = \"hook\"\nurl = \"http://127.0.0.1:9/\"\n";

/// A demonstration with one channel, judged.
struct Told {
    _folder: tempfile::TempDir,
    app: Arc<App>,
    snapshot: Arc<Snapshot>,
    now: Timestamp,
    sent: RefCell<Vec<(String, Message)>>,
    taken: Cell<usize>,
}

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

impl Told {
    fn demo(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::demo::make(folder.path(), 1).unwrap();
        let file = folder.path().join(crate::config::FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n{more}")).unwrap();
        let app = Arc::new(App::open(folder.path(), None).unwrap());
        app.judge_now().unwrap();
        Told {
            snapshot: app.snapshot_if_any().unwrap(),
            now: Timestamp::now(),
            sent: RefCell::default(),
            taken: Cell::default(),
            app,
            _folder: folder,
        }
    }

    /// What stands, in words.
    fn stands(&self) -> Picture {
        let snapshot = &self.snapshot;
        let (today, attempts) = (&snapshot.today, &snapshot.attempts);
        let fixes = fixes::of(&self.app, snapshot).unwrap();
        let (config, advisories) = (&snapshot.home.config, &snapshot.advisories);
        Now::of(today, attempts, advisories, fixes, config, self.now).picture()
    }

    /// Takes it to be told.
    fn told(&self, told: Picture) {
        let details = Details {
            told: Some(told),
            ..Details::default()
        };
        ledger::begin(&self.app, "hook", details, self.now).unwrap();
    }

    /// As if some item had been met when people were last told.
    fn with_news(more: &str) -> Self {
        let told = Told::demo(more);
        let mut before = told.stands();
        let turned = before.items.values_mut().find(|v| *v == "not met");
        *turned.unwrap() = "met".into();
        told.told(before);
        told
    }

    fn look(&self, look: Look, does: Does) -> Option<Timestamp> {
        let send = |_: &Channel<'_>, message: &Message, id: &str| {
            assert_ne!(does, Does::DiesBefore, "dies as it should");
            self.sent
                .borrow_mut()
                .push((id.to_owned(), message.clone()));
            assert_ne!(does, Does::DiesAfter, "dies as it should");
            match does {
                Does::Takes => {
                    self.taken.set(self.taken.get() + 1);
                    Ok(())
                }
                _ => Err(Refused::new("503", "siro@example.org is not here")),
            }
        };
        let looked = || turn(&self.app, &self.snapshot, look, self.now, &send);
        match catch_unwind(AssertUnwindSafe(looked)) {
            Ok(done) => done.unwrap(),
            Err(_) => None,
        }
    }

    fn ids(&self) -> BTreeSet<String> {
        self.sent
            .borrow()
            .iter()
            .map(|(id, _)| id.clone())
            .collect()
    }

    fn notices(&self) -> usize {
        let wanted = standing_assess::index::Wanted {
            kind: Some("notice".into()),
            ..Default::default()
        };
        let index = self.app.home().index().unwrap();
        index.headings(&wanted, 100).unwrap().len()
    }
}

#[test]
fn the_first_look_keeps_what_stands_and_sends_nothing() {
    let told = Told::demo(HOOK);
    told.look(Look::Digest, Does::Takes);
    told.look(Look::Digest, Does::Takes);
    assert!(told.sent.borrow().is_empty());
    assert_eq!(told.notices(), 1);
}

#[test]
fn the_first_look_waits_until_every_source_was_tried() {
    let never = "[source.later]\nkind = \"hr\"\npath = \"later.csv\"\n";
    let told = Told::demo(&format!("{never}{HOOK}"));
    told.look(Look::Digest, Does::Takes);
    assert_eq!(told.notices(), 0);
    // One that is read only by hand is not waited for.
    let by_hand = Told::demo(&format!("{never}every_hours = 0\n{HOOK}"));
    by_hand.look(Look::Digest, Does::Takes);
    assert_eq!(by_hand.notices(), 1);
}

#[test]
fn news_are_told_once() {
    let told = Told::with_news(HOOK);
    told.look(Look::Urgent, Does::Takes);
    told.look(Look::Urgent, Does::Takes);
    told.look(Look::Digest, Does::Takes);
    assert_eq!(told.sent.borrow().len(), 1);
}

#[test]
fn whatever_fails_news_bear_one_name_and_arrive() {
    use Does::{DiesAfter, DiesBefore, Refuses, Takes};
    for first in [Takes, Refuses, DiesBefore, DiesAfter] {
        for second in [Takes, Refuses, DiesBefore, DiesAfter] {
            let mut told = Told::with_news(HOOK);
            for does in [first, second, Takes, Takes, Takes] {
                told.look(Look::Digest, does);
                // Long enough for another try, not long enough to give up.
                told.now += SignedDuration::from_hours(7);
            }
            assert_eq!(told.ids().len(), 1, "{first:?} {second:?}");
            let sent = told.sent.borrow();
            assert!(sent.iter().all(|(_, message)| *message == sent[0].1));
            assert_eq!(told.taken.get(), 1, "{first:?} {second:?}");
            assert_eq!(
                sent.len() == 1,
                first == Takes || !sends_twice(first, second)
            );
        }
    }
}

/// Whether a first and a second try that go so let the receiver see it twice.
fn sends_twice(first: Does, second: Does) -> bool {
    let goes_out = |does: Does| does != Does::DiesBefore;
    goes_out(first) || (goes_out(second) && second != Does::Takes)
}

#[test]
fn a_refusal_is_tried_again_later_and_not_before() {
    let mut told = Told::with_news(HOOK);
    let again = told.look(Look::Urgent, Does::Refuses).unwrap();
    told.look(Look::Digest, Does::Takes);
    assert_eq!(told.sent.borrow().len(), 1);
    told.now = again;
    assert_eq!(told.look(Look::No, Does::Takes), None);
    assert_eq!(told.sent.borrow().len(), 2);
    assert_eq!(told.ids().len(), 1);
}

#[test]
fn what_was_tried_for_too_long_is_told_anew() {
    let mut told = Told::with_news(HOOK);
    told.look(Look::Urgent, Does::Refuses);
    told.now += SignedDuration::from_hours(73);
    told.look(Look::No, Does::Takes);
    told.look(Look::Urgent, Does::Takes);
    assert_eq!(told.ids().len(), 2);
    told.look(Look::Digest, Does::Takes);
    assert_eq!(told.sent.borrow().len(), 2);
}

#[test]
fn only_what_is_urgent_goes_before_the_digest() {
    let told = Told::demo(HOOK);
    let mut before = told.stands();
    let turned = before.items.values_mut().find(|v| *v == "met").unwrap();
    *turned = "unknown".into();
    told.told(before);
    told.look(Look::Urgent, Does::Takes);
    assert!(told.sent.borrow().is_empty());
    told.look(Look::Digest, Does::Takes);
    assert_eq!(told.sent.borrow().len(), 1);
}

#[test]
fn the_log_and_the_message_name_nobody() {
    let told = Told::with_news(HOOK);
    told.look(Look::Digest, Does::Refuses);
    let home = told.app.home();
    let mut index = home.index().unwrap();
    let estate = told.snapshot.terms.estate(&mut index).unwrap();
    let people = estate.query("select name from person where name is not null", 10_000_000);
    let message = told.sent.borrow()[0].1.text();
    assert!(message.contains("not met, was met"), "{message}");
    assert!(
        message.contains("http://localhost:8080/items/"),
        "{message}"
    );
    let people = people.unwrap().rows;
    assert!(people.len() > 20);
    for person in people {
        let name = format!("{:?}", person[0]);
        let name = name.split('"').nth(1).unwrap_or_default().to_owned();
        assert!(!name.is_empty() && !message.contains(&name), "{name:?}");
    }
    for entry in home.vault.entries(0..home.vault.size()).unwrap() {
        let entry = entry.unwrap();
        let body = serde_json::to_string(&entry.body).unwrap();
        assert!(!body.contains("siro@example.org"), "{body}");
    }
}

#[test]
fn a_notice_that_was_erased_begins_anew() {
    let told = Told::with_news(HOOK);
    let home = told.app.home();
    let index = home.index().unwrap();
    let notice = ledger::last(&index, "hook").unwrap().unwrap();
    let digest = standing_vault::Digest::from_reference(&format!("blob:{}", notice.message));
    let actor = home.signed_by(&index, By::KEYBOARD.who).unwrap();
    let time = crate::home::now().unwrap();
    home.vault
        .erase(&digest.unwrap(), &actor, "a test", time)
        .unwrap();
    told.look(Look::Digest, Does::Takes);
    assert!(told.sent.borrow().is_empty());
    let index = home.index().unwrap();
    let notice = ledger::last(&index, "hook").unwrap().unwrap();
    assert_eq!(notice.status, Status::Baseline);
    assert!(notice.told().is_some());
}
