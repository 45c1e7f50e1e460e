//! The examples of `clock.md`, and laws of the clock.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use standing_patching::clock::*;
use standing_patching::{Author, Rating, Reading, Severity, VendorWord};
use std::collections::BTreeMap;

/// The value of `key=…` among the words.
fn valued<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words
        .iter()
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn known_day(text: &str) -> Date {
    read(text).unwrap_or_else(|| panic!("{text} is no date"))
}

fn policy_name(word: &str) -> &'static str {
    match word {
        "ce" => "Cyber Essentials",
        "dspt" => "DSPT",
        "kev" => "KEV",
        "own" => "own",
        other => panic!("{other} is no policy"),
    }
}

/// What was said, by a word for what it comes to.
fn severity(word: &str) -> Severity {
    let (text, author, vendor) = match word {
        "high" => ("high", Author::Vendor, VendorWord::Held),
        "not-high" => ("low", Author::Vendor, VendorWord::Held),
        "silent" => ("", Author::Vendor, VendorWord::Held),
        "not-known" => ("", Author::Vendor, VendorWord::NotHeld),
        "high-by-a-word" => ("high", Author::Database, VendorWord::NotHeld),
        "high-by-cvss-4" => (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            Author::Database,
            VendorWord::NotHeld,
        ),
        other => panic!("{other} is no grade"),
    };
    Severity {
        ratings: Rating::read(text, author, "somebody").into_iter().collect(),
        vendor,
    }
}

fn candidate(words: &[&str]) -> Candidate {
    let source = match words[0] {
        "person" => return person(words),
        "advisory" => Source::Advisory,
        "registry" => Source::Registry,
        "changelog" => Source::Changelog,
        "scanner" => Source::Scanner,
        "published" => Source::Published,
        "observed" => Source::FirstObserved,
        other => panic!("{other} is no source"),
    };
    let mut candidate = Candidate::read(source, words[1], words[2]).expect(words[2]);
    candidate.installable = !words.contains(&"announced");
    candidate.channel = valued(words, "channel").map(str::to_owned);
    candidate
}

fn person(words: &[&str]) -> Candidate {
    let (reason, evidence) = (words[3], words[4]);
    Candidate::by_person(words[1], words[2], reason, evidence).expect("a word with its grounds")
}

fn saw(words: &[&str]) -> Saw {
    let rest = words[1..].join(" ");
    match words[0] {
        "vulnerable" => Saw::Vulnerable(rest),
        "not-running" => Saw::NotRunning(rest),
        "mended" => Saw::Mended(rest),
        "installed" => Saw::Installed(rest),
        "absent" => Saw::Absent,
        "absent-from-part" => Saw::AbsentFromPart,
        "evidence" => Saw::Evidence(rest),
        "decommissioned" => Saw::Decommissioned(rest),
        other => panic!("{other} cannot be seen"),
    }
}

fn revision(words: &[&str]) -> Revision {
    Revision {
        from: known_day(valued(words, "from").unwrap_or("2020-01-01")),
        days: valued(words, "days").unwrap().parse().unwrap(),
        covers: match valued(words, "covers") {
            Some("grave") => Covers::Grave,
            Some("all") => Covers::All,
            other => panic!("{other:?}"),
        },
        starts: match valued(words, "starts") {
            Some("fix") => Starts::FixReleased,
            Some("first-seen") => Starts::FirstSeen,
            other => panic!("{other:?}"),
        },
        accepts_risk: words.contains(&"accepts-risk"),
        restarts: words.contains(&"restarts"),
        reads: Reading {
            missing_is_high: words.contains(&"missing-is-grave"),
            counts_version4: !words.contains(&"without-cvss-4"),
            words_count: !words.contains(&"without-words"),
            ..Reading::default()
        },
    }
}

fn request(words: &[&str]) -> Request {
    Request {
        policy: policy_name(words[0]).into(),
        ground: match words[1] {
            "accepted-risk" => Ground::AcceptedRisk,
            "false-positive" => Ground::FalsePositive,
            "removed" => Ground::Removed,
            "out-of-scope" => Ground::OutOfScope,
            "mitigated" => Ground::Mitigated,
            other => panic!("{other} is no ground"),
        },
        reason: "the supplier's release is awaited".into(),
        owner: "head of systems".into(),
        approver: "SIRO".into(),
        from: valued(words, "from").unwrap().into(),
        expires: valued(words, "expires").unwrap().into(),
        evidence: valued(words, "evidence").unwrap_or_default().into(),
    }
}

fn case(text: &str) -> (Case, Vec<Policy>) {
    let (mut case, mut revisions) = (Case::default(), Vec::new());
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = &words[1..];
        match words[0] {
            "fix" => case.candidates.push(candidate(rest)),
            "channel" => case.channel = Some(rest[0].into()),
            "listed" => case.listed = Some(known_day(rest[0])),
            "policy" => revisions.push(revision(rest)),
            "exception" => case.exceptions.push(Exception::new(request(rest)).unwrap()),
            "grade" => {
                let severity = (known_day(rest[0]), severity(rest[1]));
                match rest.contains(&"beside-it") {
                    true => case.bundled.push(severity),
                    false => case.severities.push(severity),
                }
            }
            "remedy" => {
                case.remedy = match rest[0] {
                    "other" => Remedy::Other,
                    "both" => Remedy::Both,
                    other => panic!("{other} is no remedy"),
                }
            }
            "seen" => case.events.push(Event {
                on: known_day(rest[0]),
                source: rest[1].into(),
                saw: saw(&rest[2..]),
            }),
            other => panic!("{other} in a case"),
        }
    }
    let mut policies = vec![cyber_essentials(), dspt(), kev()];
    if !revisions.is_empty() {
        policies.push(Policy {
            name: "own".into(),
            revisions,
        });
    }
    (case, policies)
}

/// What a timeline says, by the words of the page.
fn told(case: &Case, timeline: &Timeline) -> BTreeMap<&'static str, String> {
    let fix = match timeline.fix {
        FixDay::None => "none".into(),
        FixDay::Announced(day) => format!("announced {day}"),
        FixDay::Released(chosen) => {
            let by = &case.candidates[chosen.candidate];
            let source = match by.source {
                Source::FirstObserved => "observed".into(),
                other => format!("{other:?}").to_lowercase(),
            };
            let bound = format!("{:?}", chosen.bound).to_lowercase();
            format!("{} {bound}, {source} {}", chosen.day, by.name)
        }
    };
    let state = match timeline.state {
        State::NotSeen => "not seen".into(),
        State::Open => "open".into(),
        State::AwaitsRestart => "awaits restart".into(),
        State::AwaitsEvidence => "awaits evidence".into(),
        State::Unobserved => "unobserved".into(),
        State::Decommissioned(day) => format!("decommissioned {day}"),
        State::Mended { since, by } => match since.filter(|since| *since != by) {
            Some(since) => format!("mended after {since}, by {by}"),
            None => format!("mended {by}"),
        },
    };
    let mut told = BTreeMap::from([
        ("fix", fix),
        ("state", state),
        ("reopened", timeline.reopened.to_string()),
        (
            "first",
            timeline
                .first_seen
                .map_or("never".into(), |day| day.to_string()),
        ),
    ]);
    for outcome in &timeline.outcomes {
        let verdict = match outcome.verdict {
            Verdict::NotSeen => "not seen".into(),
            Verdict::NotCovered => "not covered".into(),
            Verdict::NoFix => "no fix".into(),
            Verdict::Announced => "announced".into(),
            Verdict::GradeNotKnown => "grade not known".into(),
            Verdict::Open(left) => format!("open, {left} left"),
            Verdict::Excepted(until) => format!("excepted until {until}"),
            Verdict::Breached(days) => format!("breached by {days}"),
            Verdict::Met => "met".into(),
            Verdict::Late(days) => format!("late by {days}"),
            Verdict::Between => "between".into(),
        };
        let parts = [
            outcome.due.map(|day| format!("due {day}")),
            outcome.knowable.map(|day| format!("knowable {day}")),
            Some(verdict),
            Some(outcome.refused.len())
                .filter(|n| *n > 0)
                .map(|n| format!("{n} refused")),
        ];
        let key = ["ce", "dspt", "kev", "own"]
            .into_iter()
            .find(|k| policy_name(k) == outcome.policy);
        told.insert(
            key.unwrap(),
            parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
        );
    }
    told
}

/// A moment, or the noon of a day.
fn moment(text: &str) -> Timestamp {
    match text.len() {
        10 => format!("{text}T12:00:00Z").parse().unwrap(),
        _ => text.parse().unwrap(),
    }
}

#[test]
fn the_examples_of_the_page_hold() {
    let page = include_str!("../../clock.md");
    let (mut title, mut current) = ("", None);
    let (mut titles, mut verdicts, mut wrong) = (0, 0, Vec::new());
    let mut pieces = page.split("\n```");
    let mut prose = pieces.next().unwrap();
    while let Some(block) = pieces.next() {
        if let Some(found) = prose
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("## "))
        {
            (title, titles, current) = (found, titles + 1, None);
        }
        let (head, body) = block.split_once('\n').unwrap();
        match head.split_once(' ').unwrap_or((head, "")) {
            ("clock", "") => current = Some(case(body)),
            ("verdict", as_of) => {
                let (case, policies) = current.as_ref().expect("a case before its verdict");
                let found = told(case, &judge(case, policies, moment(as_of)));
                for line in body.lines() {
                    verdicts += 1;
                    let (key, expected) = line.split_once(' ').unwrap();
                    let found = found.get(key).unwrap_or_else(|| panic!("{title}: {key}?"));
                    if found != expected.trim() {
                        wrong.push(format!(
                            "{title}, {as_of}: {key} is {found}, not {}",
                            expected.trim()
                        ));
                    }
                }
            }
            other => panic!("{title}: {other:?}"),
        }
        prose = pieces.next().expect("a closing fence");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        titles >= 25 && verdicts > titles,
        "{titles} examples, {verdicts} lines"
    );
}

#[test]
fn a_request_with_something_missing_is_no_exception() {
    let whole = request(&[
        "dspt",
        "mitigated",
        "from=2026-03-10",
        "expires=2026-06-30",
        "evidence=photo",
    ]);
    assert!(Exception::new(whole.clone()).is_ok());
    let change = |change: fn(&mut Request)| {
        let mut request = whole.clone();
        change(&mut request);
        Exception::new(request).unwrap_err()
    };
    assert_eq!(change(|r| r.policy.clear()), [Fault::Policy]);
    assert_eq!(change(|r| r.reason = " ".into()), [Fault::Reason]);
    assert_eq!(change(|r| r.owner.clear()), [Fault::Owner]);
    assert_eq!(change(|r| r.approver.clear()), [Fault::Approver]);
    assert_eq!(
        change(|r| r.approver = r.owner.clone()),
        [Fault::OwnApproval]
    );
    assert_eq!(change(|r| r.from = "soon".into()), [Fault::From]);
    assert_eq!(
        change(|r| r.expires = "2026-02-30".into()),
        [Fault::Expires]
    );
    assert_eq!(change(|r| r.expires.clear()), [Fault::Expires]);
    assert_eq!(
        change(|r| r.expires = "2026-03-09".into()),
        [Fault::Expires]
    );
    assert_eq!(change(|r| r.evidence.clear()), [Fault::Evidence]);
    assert_eq!(
        change(|r| (r.reason, r.expires) = ("".into(), "never".into())),
        [Fault::Reason, Fault::Expires]
    );
}

#[test]
fn a_persons_word_has_grounds() {
    let whole = [
        "ticket-12",
        "2026-04-07",
        "the advisory has the wrong year",
        "mail of the vendor",
    ];
    let read = |[author, day, reason, evidence]: [&str; 4]| {
        Candidate::by_person(author, day, reason, evidence)
    };
    let found = read(whole).unwrap();
    assert_eq!((found.bound, found.day), (Bound::Exact, date(2026, 4, 7)));
    assert_eq!(found.grounds, Some((whole[2].into(), whole[3].into())));
    for missing in 0..4 {
        let mut parts = whole;
        parts[missing] = " ";
        assert_eq!(read(parts), None, "{parts:?}");
    }
    assert_eq!(Candidate::read(Source::Person, whole[0], whole[1]), None);
}

#[test]
fn days_are_those_of_london() {
    for (text, expected) in [
        ("2026-03-29", Some(date(2026, 3, 29))),
        ("2026-03-28T23:59:59Z", Some(date(2026, 3, 28))),
        ("2026-03-29T22:59:59Z", Some(date(2026, 3, 29))),
        ("2026-03-29T23:00:00Z", Some(date(2026, 3, 30))),
        ("2026-10-24T23:00:00Z", Some(date(2026, 10, 25))),
        ("2026-10-25T23:59:59Z", Some(date(2026, 10, 25))),
        ("2026-01-14T20:00:00-08:00", Some(date(2026, 1, 15))),
        ("2026-01-14T20:00:00", None),
        ("2026-02-30", None),
        ("0001-01-01T00:00:00Z", Some(date(1, 1, 1))),
        ("yesterday", None),
        ("", None),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
    assert_eq!(
        after(date(2026, 6, 15)),
        "2026-06-15T23:00:00Z".parse().unwrap()
    );
    assert_eq!(
        after(date(2026, 1, 15)),
        "2026-01-16T00:00:00Z".parse().unwrap()
    );
}

fn some_day() -> impl Strategy<Value = Date> {
    (1..=5_i8, 1..=28_i8).prop_map(|(month, day)| date(2026, month, day))
}

fn some_event() -> impl Strategy<Value = Event> {
    let sights = [
        Saw::Vulnerable("1".into()),
        Saw::Vulnerable("2".into()),
        Saw::NotRunning("3".into()),
        Saw::Mended("3".into()),
        Saw::Installed("3".into()),
        Saw::Absent,
        Saw::AbsentFromPart,
        Saw::Evidence("photo".into()),
        Saw::Decommissioned("slip".into()),
    ];
    let source = prop::sample::select(vec!["dpkg", "trivy"]);
    (some_day(), source, prop::sample::select(sights.to_vec())).prop_map(|(on, source, saw)| {
        Event {
            on,
            source: source.into(),
            saw,
        }
    })
}

fn some_candidate() -> impl Strategy<Value = Candidate> {
    let sources = vec![
        Source::Advisory,
        Source::Registry,
        Source::Changelog,
        Source::Scanner,
        Source::Published,
        Source::FirstObserved,
    ];
    (prop::sample::select(sources), some_day(), any::<bool>()).prop_map(
        |(source, day, installable)| {
            let mut candidate = Candidate::read(source, "a source", &day.to_string()).unwrap();
            candidate.installable = installable;
            candidate
        },
    )
}

fn some_case() -> impl Strategy<Value = Case> {
    let events = prop::collection::vec(some_event(), 0..8);
    let candidates = prop::collection::vec(some_candidate(), 0..5);
    (candidates, events, some_day(), prop::option::of(some_day())).prop_map(
        |(candidates, events, graded, listed)| Case {
            candidates,
            events,
            severities: vec![(graded, severity("high"))],
            listed,
            ..Case::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No order of telling, and nothing later than the moment judged, plays a part.
    #[test]
    fn the_future_plays_no_part(case in some_case(), today in some_day()) {
        let policies = [cyber_essentials(), dspt(), kev()];
        let now = after(today) - jiff::SignedDuration::from_secs(1);
        let mut past = case.clone();
        past.events.retain(|event| event.on <= today);
        past.severities.retain(|(from, _)| *from <= today);
        past.listed = past.listed.filter(|on| *on <= today);
        prop_assert_eq!(judge(&case, &policies, now), judge(&past, &policies, now));
    }

    /// No accepted risk changes a word of Cyber Essentials; and a later revision moves no deadline.
    #[test]
    fn nothing_moves_a_deadline(case in some_case(), today in some_day(), from in some_day(), days in 0..60) {
        let now = after(today) - jiff::SignedDuration::from_secs(1);
        let words = ["ce", "accepted-risk", "from=2026-01-01", "expires=2026-12-31"];
        let mut excepted = case.clone();
        excepted.exceptions.push(Exception::new(request(&words)).unwrap());
        let plain = judge(&case, &[cyber_essentials()], now);
        let other = judge(&excepted, &[cyber_essentials()], now);
        prop_assert_eq!(plain.outcomes[0].verdict, other.outcomes[0].verdict);
        prop_assert_eq!(plain.outcomes[0].due, other.outcomes[0].due);
        let mut revised = cyber_essentials();
        revised.revisions.push(Revision { from, days, ..revised.revisions[0] });
        let revised = judge(&case, &[revised], now);
        let begun = match plain.fix {
            FixDay::Released(chosen) => chosen.day < from,
            _ => true,
        };
        if begun {
            prop_assert_eq!(&plain.outcomes[0].due, &revised.outcomes[0].due);
        }
    }

    /// With a remedy that is a package, one whole look without it by whoever saw it last closes it.
    #[test]
    fn a_partial_look_closes_nothing(case in some_case(), today in some_day()) {
        let now = after(today) - jiff::SignedDuration::from_secs(1);
        let mut partial = case.clone();
        partial.events.push(Event { on: today, source: "dpkg".into(), saw: Saw::AbsentFromPart });
        prop_assert_eq!(judge(&case, &[cyber_essentials()], now), judge(&partial, &[cyber_essentials()], now));
    }
}
