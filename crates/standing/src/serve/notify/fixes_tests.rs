//! One deadline, day by day, as people are told of it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::ToSpan as _;
use standing_assess::{AsOf, Freshness};

use super::super::channel::Channel;
use super::super::hours::Look;
use super::super::message::Message;
use super::super::picture::{Now, Picture};
use super::super::tell_all;
use super::*;
use crate::config::Config;
use crate::home::By;
use crate::{advisories, commands};

const CHANNELS: &str = "[notify.email]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"a@example.org\"\n\
    to = [\"b@example.org\"]\n[[notify.webhook]]\nname = \"hook\"\nurl = \"http://127.0.0.1:9/\"\n";

/// A firm of three machines, two of which lack a fix that is due in nine days.
struct Firm {
    folder: tempfile::TempDir,
    app: Arc<App>,
    due: Date,
    sent: RefCell<Vec<(String, Message)>>,
}

impl Firm {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[source.hosts]\nkind = \"dpkg\"\npath = \"hosts\"\n{settings}");
        crate::init::make(folder.path(), &config, None).unwrap();
        let today = AsOf::at(jiff::Timestamp::now()).date;
        let firm = Firm {
            app: Arc::new(App::open(folder.path(), None).unwrap()),
            due: today.saturating_add(9.days()),
            folder,
            sent: RefCell::default(),
        };
        for (host, version) in [("web1", "u1"), ("web2", "u1"), ("web3", "u2")] {
            firm.installs(host, version);
        }
        let fixed = "3.0.11-1~deb12u2";
        firm.advise(["DSA-1-1", "CVE-2026-7", "Debian:12", "openssl", fixed]);
        firm.collect();
        firm
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn installs(&self, host: &str, revision: &str) {
        let status = format!(
            "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n\
             Version: 3.0.11-1~deb12{revision}\n\n"
        );
        self.write(&format!("hosts/{host}/var/lib/dpkg/status"), &status);
        let release = "ID=debian\nVERSION_ID=\"12\"\n";
        self.write(&format!("hosts/{host}/etc/os-release"), release);
    }

    /// The fix was released fourteen days before it is due.
    fn advise(&self, [id, cve, ecosystem, package, fixed]: [&str; 5]) {
        let on = self.due.saturating_sub(14.days());
        let record = json!({
            "id": id, "modified": format!("{on}T10:00:00Z"), "published": format!("{on}T10:00:00Z"),
            "aliases": [cve], "affected": [{"package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
        });
        self.write(&format!("mirror/{id}.json"), &record.to_string());
        let home = self.app.home();
        let wanted = advisories::Wanted {
            from: Some(&self.folder.path().join("mirror")),
            ..advisories::Wanted::default()
        };
        let index = home.index().unwrap();
        advisories::update(&home, &index, By::KEYBOARD, &wanted, &|_, _| {}).unwrap();
    }

    fn collect(&self) {
        let home = self.app.home();
        let sources: Vec<_> = home.config.sources.iter().collect();
        crate::collect::collect(&home, By::KEYBOARD, &sources, false, &|_, _| {}).unwrap();
        self.app.judge_now().unwrap();
    }

    fn record(&self, kind: &str, values: &[(&str, &str)]) {
        let home = self.app.home();
        let values: Vec<(String, String)> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let index = home.index().unwrap();
        commands::record(&home, &index, By::KEYBOARD, kind, &values).unwrap();
    }

    /// What stands with so many days left.
    fn stands(&self, left: i64) -> Now {
        let home = self.app.home();
        let snapshot = self.app.snapshot_if_any().unwrap();
        let day = AsOf::end_of(self.due.saturating_sub(left.days()));
        let mut index = home.index().unwrap();
        index
            .suppose_configured(&crate::collect::configured(&home))
            .unwrap();
        let support = &snapshot.terms.catalogue.support;
        let estate = Estate::new(&mut index, day, Freshness::Measured, support).unwrap();
        let fixes = in_estate(&estate, &home.config.notify).unwrap();
        let now = jiff::Timestamp::now();
        Now::of(
            &snapshot.today,
            &BTreeMap::new(),
            &snapshot.advisories,
            fixes,
            &home.config,
            now,
        )
    }

    /// The lines about fixes that each channel is told with so many days left.
    fn told(&self, left: i64) -> Vec<(String, String)> {
        let send = |channel: &Channel<'_>, message: &Message, _: &str| {
            let mut sent = self.sent.borrow_mut();
            sent.push((channel.name().to_owned(), message.clone()));
            Ok(())
        };
        self.sent.borrow_mut().clear();
        let snapshot = self.app.snapshot_if_any().unwrap();
        let (now, stands) = (jiff::Timestamp::now(), self.stands(left));
        tell_all(&self.app, &snapshot, stands, Look::Digest, now, &send).unwrap();
        let sent = self.sent.borrow();
        let lines = sent.iter().flat_map(|(channel, message)| {
            let sections = message.sections.iter().map(move |s| (channel, s));
            let about = sections.filter(|(_, s)| s.title.to_lowercase().contains("fixes"));
            about.flat_map(|(channel, section)| {
                let lines = section.lines.iter();
                lines.map(move |line| (channel.clone(), line.text.clone()))
            })
        });
        lines.collect()
    }

    /// The same of one channel.
    fn lines(&self, left: i64) -> Vec<String> {
        let told = self.told(left).into_iter();
        let hook = told.filter(|(channel, _)| channel == "hook");
        hook.map(|(_, line)| line).collect()
    }

    /// The process ends and another begins.
    fn restart(&mut self) {
        self.app = Arc::new(App::open(self.folder.path(), None).unwrap());
        self.app.judge_now().unwrap();
    }
}

#[test]
fn each_step_is_told_once_on_each_channel_and_a_restart_forgets_nothing() {
    let mut firm = Firm::new(CHANNELS);
    let mut told = Vec::new();
    for left in [9, 8, 7, 7, 6, 4, 3, 3, 2, 1, 0, -1, -1, -2, -30] {
        let lines = firm.told(left);
        if !lines.is_empty() {
            told.push((left, lines));
        }
        firm.restart();
    }
    let days: Vec<i64> = told.iter().map(|(left, _)| *left).collect();
    assert_eq!(days, [7, 3, 1, -1]);
    let day = crate::text::day(firm.due);
    for (when, (_, lines)) in [
        format!("due {day}, 7 days left"),
        format!("due {day}, 3 days left"),
        format!("due {day}, 1 day left"),
        format!("was due {day}, 1 day over"),
    ]
    .iter()
    .zip(told)
    {
        let line = format!(
            "CVE-2026-7 in openssl: {when}, by Cyber Essentials, DSPT; open on 2 of 3 assets"
        );
        let both = ["email", "hook"].map(|channel| (channel.to_owned(), line.clone()));
        let found: Vec<_> = lines
            .into_iter()
            .filter(|(_, l)| l.contains("CVE"))
            .collect();
        assert_eq!(found, both);
    }
}

#[test]
fn what_begins_on_its_last_day_is_told_at_once_and_what_is_late_with_the_digest() {
    let firm = Firm::new(CHANNELS);
    let urgent = |left| {
        let stands = firm.stands(left);
        let news = stands.news(&Picture {
            fixes: BTreeMap::new(),
            ..stands.picture()
        });
        assert_eq!(news.is_empty(), left > 7);
        stands.urgent(&news)
    };
    assert!(urgent(0));
    assert!(![8, 7, 1, -1].into_iter().any(urgent));
}

#[test]
fn what_is_mended_excepted_or_not_asked_for_is_not_told() {
    let firm = Firm::new(CHANNELS);
    assert!(firm.lines(8).is_empty());
    assert_eq!(firm.lines(7).len(), 1);
    firm.installs("web1", "u2");
    firm.collect();
    let line = firm.lines(3).remove(0);
    assert!(line.ends_with("open on 1 of 3 assets"), "{line}");
    let expires = firm.due.saturating_add(60.days()).to_string();
    let today = AsOf::at(jiff::Timestamp::now()).date.to_string();
    let leave = |policy| {
        firm.record(
            "patch_exception",
            &[
                ("vulnerability", "CVE-2026-7"),
                ("policy", policy),
                ("ground", "mitigated"),
                ("reason", "set as the vendor says"),
                ("evidence", "ticket 7"),
                ("owner", "ada@firm.test"),
                ("approved_by", "bob@firm.test"),
                ("from_on", &today),
                ("expires_on", &expires),
            ],
        );
    };
    leave("DSPT");
    let line = firm.lines(1).remove(0);
    assert!(line.contains("by Cyber Essentials;"), "{line}");
    leave("Cyber Essentials");
    assert!(firm.lines(-1).is_empty());
    assert!(firm.lines(-50).is_empty());
    let line = firm.lines(-70).remove(0);
    assert!(line.contains("70 days over"), "the leave is over: {line}");
    firm.installs("web2", "u2");
    firm.collect();
    assert!(firm.lines(-80).is_empty());
}

#[test]
fn one_more_asset_and_a_deadline_that_moves_are_told() {
    let firm = Firm::new(CHANNELS);
    firm.lines(8);
    firm.lines(7);
    firm.installs("web3", "u1");
    firm.collect();
    let line = firm.lines(6).remove(0);
    assert!(
        line.contains("6 days left") && line.ends_with("open on 3 of 3 assets"),
        "{line}"
    );
    assert!(firm.lines(5).is_empty());
    let earlier = firm.due.saturating_sub(16.days()).to_string();
    firm.record(
        "fix_date",
        &[
            ("component", "openssl"),
            ("vulnerability", "CVE-2026-7"),
            ("released_on", &earlier),
            ("stated_by", "ada@firm.test"),
            ("reason", "the vendor's page"),
            ("evidence", "ticket 8"),
        ],
    );
    let line = firm.lines(5).remove(0);
    assert!(line.contains("3 days left"), "{line}");
}

#[test]
fn what_has_no_deadline_that_is_known_is_counted_beside_its_denominator() {
    let locks = "[source.locks]\nkind = \"lockfiles\"\npath = \"locks\"\n";
    let firm = Firm::new(&format!("{locks}{CHANNELS}"));
    let lock = "[[package]]\nname = \"left\"\nversion = \"1.0.0\"\n";
    firm.write("locks/poetry.lock", lock);
    firm.collect();
    firm.lines(9);
    firm.advise(["PYSEC-2026-8", "CVE-2026-8", "PyPI", "left", "2.0"]);
    firm.app.judge_now().unwrap();
    let said =
        "Of 3 findings that are open, 1 has no deadline that is known: 1 not known how grave";
    let cut = firm.lines(9);
    assert_eq!(cut[0], said);
    assert!(cut[1].ends_with("(1 gap): there may be more"), "{cut:?}");
    assert!(firm.lines(9).is_empty(), "once");
    assert_eq!(firm.sent.borrow().len(), 0);
    firm.write("locks/poetry.lock", &format!("{lock}[metadata]\n"));
    firm.collect();
    let due = firm.lines(7);
    assert_eq!(due[1..], [said], "beside what is told");
    let subject = firm.sent.borrow()[0].1.subject.clone();
    assert!(subject.contains("1 fix due soon"), "{subject}");
}

#[test]
fn only_the_policies_of_the_settings_count_and_one_that_is_not_there_is_named() {
    let only = "fix_policies = [\"DSPT\", \"Ourz\"]\nfix_days = [2]\n";
    let firm = Firm::new(&format!("[notify]\n{only}{CHANNELS}"));
    firm.lines(9);
    assert!(firm.lines(3).is_empty());
    let lines = firm.lines(2);
    assert!(lines[0].contains("by DSPT; open"), "{lines:?}");
    assert!(
        lines[1].contains("No policy is called \"Ourz\""),
        "{lines:?}"
    );
}

#[test]
fn a_long_list_says_how_much_more_there_is() {
    let fix = |n: u64| Fix {
        vulnerability: format!("CVE-2026-{n}"),
        late: true,
        assets: 1,
        steps: BTreeMap::from([(
            n.to_string(),
            Step {
                step: LATE,
                assets: 1,
            },
        )]),
        ..Fix::default()
    };
    let stands = Now {
        fixes: Fixes {
            all: (0..23).map(fix).collect(),
            ..Fixes::default()
        },
        ..Now::default()
    };
    let frame = super::super::message::Frame {
        organisation: "Test",
        url: "https://standing.example.org",
        met: (1, 2),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let message = Message::digest(&frame, &stands, &stands.news(&Picture::default()));
    let section = &message.sections[0];
    assert_eq!(section.title, "Fixes that are late (23)");
    let (first, last) = (&section.lines[0], &section.lines[20]);
    let place = "https://standing.example.org/patching/vulnerability?name=CVE-2026-0";
    assert_eq!(first.link.as_deref(), Some(place));
    assert_eq!(
        (section.lines.len(), last.text.as_str()),
        (21, "and 3 more")
    );
    let page = "https://standing.example.org/patching";
    assert_eq!(last.link.as_deref(), Some(page));
}

#[test]
fn what_was_told_before_fixes_were_is_still_understood() {
    let before = r#"{"items":{"1.1.1":"met"},"lapses":[],"sources":{}}"#;
    let picture: Picture = serde_json::from_str(before).unwrap();
    assert_eq!(picture.unknown_fixes, 0);
    assert!(Config::parse("").unwrap().notify.fix_policies.is_none());
}

#[test]
fn the_calendar_has_the_last_day_of_fixes() {
    let firm = Firm::new(CHANNELS);
    let snapshot = firm.app.snapshot_if_any().unwrap();
    let dues = crate::serve::calendar::due(&firm.app, &snapshot, false).unwrap();
    let fixes: Vec<_> = dues
        .iter()
        .filter(|due| due.kind == crate::serve::calendar::Kind::Fix)
        .collect();
    let title = "Last day in time for the fix of CVE-2026-7, open on 2 of 3 assets, by Cyber \
                 Essentials, DSPT.";
    assert_eq!(fixes.len(), 1);
    assert_eq!((fixes[0].on, fixes[0].title.as_str()), (firm.due, title));
    assert_eq!(fixes[0].href, "/patching/vulnerability?name=CVE-2026-7");
}
