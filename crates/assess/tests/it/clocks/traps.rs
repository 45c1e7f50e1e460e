//! Where two sources, two spellings or two rows of one thing could mend what is there.

use super::*;

const SCAN: &str = "advisory_finding asset=web1 component=openssl advisory=CVE-2026-1 version=3.0.1 \
    affected=true severity=high fixed=3.0.9 fix_released_on=2026-03-02";
const OPEN: &str = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";

#[test]
fn what_a_scanner_no_longer_reports_is_there_while_the_inventory_shows_it() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA, SCAN]);
    readings.complete("2026-03-14", &[WEB, OLD, DSA]);
    assert_eq!(readings.one("2026-03-17"), OPEN);
}

#[test]
fn a_finding_that_is_reported_in_other_words_was_never_gone() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, SCAN]);
    let reworded = SCAN.replace("severity=high", "severity=critical");
    readings.complete("2026-03-10", &[WEB, &reworded]);
    assert_eq!(readings.one("2026-03-17"), OPEN);
    let clocks = readings.at("2026-03-17").clocks("web1", "openssl").unwrap();
    assert_eq!(clocks[0].timeline.reopened, 0);
}

#[test]
fn a_machine_that_vanished_from_a_scan_is_not_mended() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, SCAN]);
    readings.complete("2026-03-10", &[]);
    assert_eq!(readings.one("2026-03-17"), OPEN);
}

#[test]
fn a_machine_that_its_inventory_lost_is_not_mended_because_a_register_lists_it() {
    let mut readings = Readings::new();
    readings.source = "t";
    readings.complete("2026-03-01", &["asset id=t/web1 name=web1"]);
    readings.source = "s";
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-12", &[DSA]);
    assert_eq!(readings.one("2026-03-17"), OPEN);
}

#[test]
fn a_machine_that_came_back_without_the_package_is_mended_by_then() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-09", &[DSA]);
    readings.complete("2026-03-14", &[WEB, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-17"), expected);
}

#[test]
fn a_machine_in_other_letters_is_the_same() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let shouted = OLD.replace("asset=web1", "asset=WEB1");
    readings.complete("2026-03-12", &["asset id=s/web1 name=WEB1", &shouted, DSA]);
    assert_eq!(readings.one("2026-03-17"), OPEN);
}

#[test]
fn packages_whose_names_differ_in_their_letters_are_two_where_the_ecosystem_says_so() {
    let mut readings = Readings::new();
    let upper = "component asset=web1 ecosystem=npm name=JSONStream version=3.0.1";
    let lower = "component asset=web1 ecosystem=npm name=jsonstream version=3.0.9";
    let about = DSA
        .replace("ecosystem=Debian:12", "ecosystem=npm")
        .replace("package=openssl", "package=JSONStream");
    readings.complete("2026-03-03", &[WEB, upper, lower, &about]);
    let told = readings.one("2026-03-10");
    assert!(told.starts_with("JSONStream CVE-2026-1 open"), "{told}");
}

#[test]
fn the_first_sight_of_one_fix_says_nothing_of_another() {
    let mut readings = Readings::new();
    let range = |ordinal: u32, events: &str, fixed: &str| {
        format!(
            "advisory id=GHSA-1 ecosystem=npm package=openssl ordinal={ordinal} aliases=CVE-2026-1 \
             events={events} {fixed} severity=high published_on=2026-03-02"
        )
    };
    let first = range(0, "FIRST", "fixed=1.0.9");
    let npm = "component asset=web1 ecosystem=npm name=openssl version=2.0.1";
    readings.complete("2026-03-02", &[WEB, npm, &first, &range(1, "OPEN", "")]);
    let second = range(1, "SECOND", "fixed=2.0.9");
    readings.complete("2026-03-20", &[WEB, npm, &first, &second]);
    readings.record(
        "2026-03-20",
        "package_release ecosystem=npm package=openssl version=2.0.9 kind=registry \
         released_on=2026-03-19",
    );
    let expected = "openssl CVE-2026-1 open fix 2026-03-19 exact due 2026-04-02 open 12";
    assert_eq!(readings.one("2026-03-21"), expected);
}

#[test]
fn the_log_of_one_binary_does_not_speak_for_another() {
    let mut readings = Readings::new();
    let old = |binary: &str| format!("{OLD} binary={binary}");
    let new = |binary: &str, day: &str| format!("{MENDED} binary={binary} installed_on={day}");
    readings.complete("2026-03-03", &[WEB, &old("a"), &old("b"), DSA]);
    let early = new("a", "2026-03-05");
    readings.complete("2026-03-06", &[WEB, &early, &old("b"), DSA]);
    readings.complete("2026-03-19", &[WEB, &early, &new("b", "2026-03-18"), DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 late 2";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn a_line_that_is_put_in_before_others_renames_nothing() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    // As with numbers of lines: another machine now stands on the line of web1, and web1 on the next.
    let moved = ["asset id=s/web1 name=new", "asset id=s/web2 name=web1"];
    readings.complete("2026-03-12", &[&moved[..], &[OLD, DSA]].concat());
    assert_eq!(readings.one("2026-03-17"), OPEN);
    let clocks = readings.at("2026-03-17").clocks("web1", "openssl").unwrap();
    assert_eq!(clocks[0].asset, "web1");
}

#[test]
fn who_asks_about_a_name_is_told_of_the_machine_that_bears_it_now() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let renamed = WEB.replace("name=web1", "name=front");
    let there = OLD.replace("asset=web1", "asset=front");
    readings.complete("2026-03-12", &[&renamed, &there, DSA]);
    let new = "asset id=s/other name=web1";
    readings.complete("2026-03-14", &[&renamed, &there, new, OLD, DSA]);
    for name in ["web1", "front"] {
        let clocks = readings.at("2026-03-15").clocks(name, "openssl").unwrap();
        let assets: Vec<&str> = clocks.iter().map(|clock| clock.asset.as_str()).collect();
        assert_eq!(assets, [name]);
    }
}
