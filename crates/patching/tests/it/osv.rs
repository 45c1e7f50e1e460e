//! Tables of OSV evaluation: events and list, then versions with the answer each must get.

use standing_patching::affects;

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);
const UNKNOWN: Option<bool> = None;

#[track_caller]
fn answers(
    ecosystem: &str,
    events: Option<&str>,
    versions: Option<&str>,
    expected: &[(Option<bool>, &[&str])],
) {
    for (answer, subjects) in expected {
        for subject in *subjects {
            let found = affects(ecosystem, subject, events, versions);
            assert_eq!(found, *answer, "{subject} against {events:?}, {versions:?}");
        }
    }
}

#[test]
fn introduced_zero_is_before_everything() {
    let all = Some(r#"[{"introduced":"0"}]"#);
    answers(
        "npm",
        all,
        None,
        &[(YES, &["0.0.0-0", "0.0.0", "99.0.0", "not a version"])],
    );
    answers("Debian:12", all, None, &[(YES, &["0~~", "0", "1:2-3"])]);
    answers("Julia", all, None, &[(YES, &["1.0"])]);
}

#[test]
fn fixed_excludes_its_version_and_last_affected_includes_it() {
    let fixed = Some(r#"[{"introduced":"1.0.0"},{"fixed":"1.2.0"}]"#);
    let table: &[(_, &[&str])] = &[
        (NO, &["0.9.0", "1.0.0-rc.1", "1.2.0", "1.2.1"]),
        (YES, &["1.0.0", "1.1.9", "1.2.0-rc.1", "1.0.0+build"]),
        (UNKNOWN, &["one", ""]),
    ];
    answers("npm", fixed, None, table);
    let last = Some(r#"[{"introduced":"1.0.0"},{"last_affected":"1.2.0"}]"#);
    let table: &[(_, &[&str])] = &[
        (NO, &["0.9.0", "1.2.1-0", "1.2.1"]),
        (YES, &["1.0.0", "1.2.0", "1.2.0+build"]),
    ];
    answers("npm", last, None, table);
    let single = Some(r#"[{"introduced":"1.2.0"},{"last_affected":"1.2.0"}]"#);
    answers(
        "npm",
        single,
        None,
        &[(YES, &["1.2.0"]), (NO, &["1.1.9", "1.2.1"])],
    );
}

#[test]
fn several_pairs_in_any_order() {
    let table: &[(_, &[&str])] = &[
        (
            YES,
            &["1.0", "1.0+deb12u1", "1.3~", "2.0", "2.4-9", "1:3", "1:4"],
        ),
        (
            NO,
            &["0.9", "1.0~rc1", "1.3", "1.9", "2.5", "3", "1:2", "1:4-1"],
        ),
    ];
    let events = [
        r#"{"introduced":"1.0"}"#,
        r#"{"fixed":"1.3"}"#,
        r#"{"introduced":"2.0"}"#,
        r#"{"fixed":"2.5"}"#,
        r#"{"introduced":"1:3"}"#,
        r#"{"last_affected":"1:4"}"#,
    ];
    let orders = [
        [0, 1, 2, 3, 4, 5],
        [5, 4, 3, 2, 1, 0],
        [2, 5, 1, 4, 0, 3],
        [1, 3, 5, 0, 2, 4],
    ];
    for order in orders {
        let json = format!("[{}]", order.map(|i| events[i]).join(","));
        answers("Debian:12", Some(&json), None, table);
    }
}

#[test]
fn sorting_is_by_version_not_by_text() {
    let events = Some(r#"[{"fixed":"1.10.0"},{"introduced":"1.9.0"},{"introduced":"1.100.0"}]"#);
    let table: &[(_, &[&str])] = &[
        (YES, &["1.9.0", "1.9.9", "1.100.0"]),
        (NO, &["1.10.0", "1.99.0"]),
    ];
    answers("crates.io", events, None, table);
}

#[test]
fn events_at_one_version_keep_their_order() {
    let empty =
        Some(r#"[{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"2.0.0"},{"fixed":"2.0.0"}]"#);
    answers(
        "crates.io",
        empty,
        None,
        &[(YES, &["0.9.0"]), (NO, &["1.0.0", "2.0.0", "3.0.0"])],
    );
    let adjoining =
        Some(r#"[{"introduced":"0"},{"fixed":"3.1.1"},{"introduced":"3.1.1"},{"fixed":"3.1.3"}]"#);
    answers(
        "PyPI",
        adjoining,
        None,
        &[(YES, &["3.1", "3.1.1", "3.1.2"]), (NO, &["3.1.3"])],
    );
}

#[test]
fn limits_bound_the_whole_range() {
    let limited = Some(r#"[{"introduced":"1.0.0"},{"limit":"2.0.0"},{"limit":"1.5.0"}]"#);
    answers(
        "npm",
        limited,
        None,
        &[
            (YES, &["1.0.0", "1.9.0"]),
            (NO, &["0.1.0", "2.0.0", "3.0.0"]),
        ],
    );
    let star = Some(r#"[{"introduced":"1.0.0"},{"limit":"*"}]"#);
    answers(
        "npm",
        star,
        None,
        &[(YES, &["1.0.0", "9.0.0"]), (NO, &["0.1.0"])],
    );
    let unreadable = Some(r#"[{"introduced":"1.0.0"},{"limit":"?"},{"limit":"2.0.0"}]"#);
    answers(
        "npm",
        unreadable,
        None,
        &[(YES, &["1.5.0"]), (NO, &["0.1.0"]), (UNKNOWN, &["2.0.0"])],
    );
}

#[test]
fn the_list_alone() {
    let list = Some(r#"["1.0","1.1"]"#);
    let table: &[(_, &[&str])] = &[
        (YES, &["1.0", "1.0.0", "v1.1"]),
        (NO, &["1.0.1", "1.0+local"]),
        (UNKNOWN, &["?"]),
    ];
    answers("PyPI", None, list, table);
    answers(
        "Debian:12",
        None,
        list,
        &[(YES, &["1.0", "0:1.0-0"]), (NO, &["1.0.0", "1.0-1"])],
    );
    // Whether 1.0.0 is 1.0 there is the ecosystem's to say.
    answers(
        "Julia",
        None,
        list,
        &[(YES, &["1.0"]), (UNKNOWN, &["1.0.0", "2"])],
    );
    let legacy = Some(r#"["2004d","1.0"]"#);
    answers(
        "PyPI",
        None,
        legacy,
        &[
            (YES, &["2004d", "1"]),
            (NO, &["2004"]),
            (UNKNOWN, &["2004e"]),
        ],
    );
}

#[test]
fn the_list_adds_to_the_range() {
    let (events, list) = (
        Some(r#"[{"introduced":"2.0"},{"fixed":"3.0"}]"#),
        Some(r#"["1.0"]"#),
    );
    answers(
        "PyPI",
        events,
        list,
        &[(YES, &["1.0", "2.5"]), (NO, &["1.5", "3.0"])],
    );
    answers(
        "Julia",
        events,
        list,
        &[(YES, &["1.0"]), (UNKNOWN, &["2.5"])],
    );
}

#[test]
fn nothing_named_is_nothing_affected() {
    for empty in [None, Some("[]")] {
        answers("npm", empty, empty, &[(NO, &["1.0.0", "?"])]);
        answers("Julia", empty, empty, &[(NO, &["1.0"])]);
    }
    let never_introduced = Some(r#"[{"fixed":"1.0.0"},{"last_affected":"?"}]"#);
    answers("npm", never_introduced, None, &[(NO, &["0.1.0", "?"])]);
}

#[test]
fn an_unreadable_event_matters_only_where_it_could_turn_the_answer() {
    let fixed = Some(r#"[{"introduced":"1.0"},{"fixed":"<unfixed>"}]"#);
    answers(
        "Debian:12",
        fixed,
        None,
        &[(NO, &["0.9"]), (UNKNOWN, &["1.0", "2.0"])],
    );
    let introduced = Some(r#"[{"introduced":"?"},{"introduced":"1.0"},{"fixed":"2.0"}]"#);
    answers(
        "Debian:12",
        introduced,
        None,
        &[(YES, &["1.0"]), (UNKNOWN, &["0.9", "2.0"])],
    );
    let unordered = Some(r#"[{"introduced":"0"},{"fixed":"2.0"}]"#);
    answers(
        "Julia",
        unordered,
        None,
        &[(UNKNOWN, &["1.0", "2.0", "3.0"])],
    );
}

#[test]
fn json_of_another_shape_is_unknown() {
    let shapes = [
        "",
        "{",
        "{}",
        "null",
        "[1]",
        r#"["1.0"]"#,
        r#"[{}]"#,
        r#"[{"introduced":0}]"#,
        r#"[{"introduced":"0","fixed":"1.0.0"}]"#,
        r#"[{"introduced":"0"},{"withdrawn":"1.0.0"}]"#,
    ];
    for events in shapes {
        assert_eq!(
            affects("npm", "1.0.0", Some(events), None),
            UNKNOWN,
            "{events}"
        );
        assert_eq!(
            affects("npm", "1.0.0", Some(events), Some(r#"["1.0.0"]"#)),
            YES,
            "{events}"
        );
    }
    for versions in ["", "{}", "null", "[1]", r#"[{"introduced":"0"}]"#] {
        assert_eq!(
            affects("npm", "1.0.0", None, Some(versions)),
            UNKNOWN,
            "{versions}"
        );
        let all = Some(r#"[{"introduced":"0"}]"#);
        assert_eq!(
            affects("npm", "1.0.0", all, Some(versions)),
            YES,
            "{versions}"
        );
    }
}
