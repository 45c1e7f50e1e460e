//! Who is who: each rule by itself, and all of them on an invented firm with known answers.

#[path = "../../benches/matching/figures.rs"]
mod figures;
#[path = "../../benches/matching/firm.rs"]
mod firm;

use figures::Figures;
use firm::Firm;
use proptest::prelude::*;
use standing_assess::matching::{Account, Band, Person, matches};

/// The first match of one account, as `person band keys`.
fn found(people: &[Person<'_>], account: Account<'_>) -> String {
    let all = matches(people, &[account]);
    all.first().map_or("nobody".into(), |m| {
        format!(
            "{} {} {}",
            people[m.person as usize].id,
            m.band.as_str(),
            m.keys
        )
    })
}

const ADA: Person<'_> = Person {
    id: "ada",
    employee_number: "0042",
    name: "Ada Byron",
    email: "ada.byron@firm.test",
    started_on: "2020-01-01",
    left_on: "",
};
const TOM: Person<'_> = Person {
    id: "tom",
    employee_number: "0043",
    name: "Tom Sawyer",
    email: "tom.sawyer@firm.test",
    started_on: "2020-01-01",
    left_on: "",
};

fn account<'a>(login: &'a str, name: &'a str, email: &'a str, number: &'a str) -> Account<'a> {
    Account {
        id: "a",
        login,
        name,
        email,
        employee_number: number,
        kind: "",
    }
}

#[test]
fn each_rule_by_itself() {
    let people = [ADA, TOM];
    for (what, (login, name, email, number), expected) in [
        ("two keys", ("u1", "", "", ""), "nobody"),
        (
            "number and name",
            ("u1", "Byron, Ada", "", "42"),
            "ada act employee number+name",
        ),
        (
            "e-mail and name",
            ("u1", "Ada Byron", "ADA.Byron@firm.test", ""),
            "ada act e-mail+name",
        ),
        (
            "assigned login and name",
            ("ada.byron", "Ada Byron", "", ""),
            "ada act login+name",
        ),
        (
            "an administrator's",
            ("adm-ada.byron", "Ada Byron (Admin)", "", ""),
            "ada act login+name",
        ),
        (
            "a login that repeats the e-mail",
            ("ada.byron", "", "ada.byron@firm.test", ""),
            "ada suggest e-mail+login",
        ),
        (
            "one number",
            ("", "", "", "42"),
            "ada suggest employee number",
        ),
        (
            "a name alone",
            ("u1", "Ada Byron", "", ""),
            "ada possible name",
        ),
        (
            "a name and a login made of it",
            ("abyron", "Ada Byron", "", ""),
            "ada possible login+name",
        ),
        (
            "a mistyped number",
            ("u1", "Ada Byron", "ada.byron@firm.test", "43"),
            "ada suggest e-mail+name",
        ),
        (
            "a number of another name",
            ("u1", "Huck Finn", "", "43"),
            "tom possible employee number",
        ),
        (
            "a service with its owner's address",
            ("svc-sync", "Sync", "ada.byron@firm.test", "42"),
            "nobody",
        ),
        (
            "another firm's namesake",
            ("ada.byron", "Ada Byron", "ada.byron@other.test", ""),
            "ada possible login+name",
        ),
        (
            "marked as another firm's",
            ("ada.byron_ext", "Ada Byron", "", ""),
            "ada possible name",
        ),
        (
            "a guest whom both keys know",
            (
                "ada.byron_firm.test#EXT#@x.test",
                "Ada Byron",
                "ada.byron@firm.test",
                "42",
            ),
            "ada act employee number+e-mail+name",
        ),
        (
            "married",
            ("u1", "Ada Lovelace", "ada.byron@firm.test", ""),
            "ada act e-mail",
        ),
    ] {
        assert_eq!(
            found(&people, account(login, name, email, number)),
            expected,
            "{what}"
        );
    }
}

#[test]
fn kinds_that_are_nobodys_are_left_alone() {
    for kind in ["service", "system", "shared", "break-glass"] {
        let whole = Account {
            kind,
            ..account("ada.byron", "Ada Byron", "ada.byron@firm.test", "42")
        };
        assert_eq!(found(&[ADA], whole), "nobody", "{kind}");
    }
}

#[test]
fn of_several_rows_of_one_person_the_current_one_counts() {
    let former = Person {
        id: "former",
        left_on: "2024-01-31",
        employee_number: "0017",
        ..ADA
    };
    let one = account("u1", "Ada Byron", "ada.byron@firm.test", "17");
    for people in [[former, ADA], [ADA, former]] {
        assert_eq!(found(&people, one), "ada act employee number+e-mail+name");
    }
}

#[test]
fn namesakes_are_told_apart_by_what_was_assigned() {
    let second = Person {
        id: "second",
        employee_number: "0099",
        email: "ada.byron2@firm.test",
        ..ADA
    };
    let people = [ADA, second];
    let two = account("ada.byron2", "Ada Byron", "", "");
    assert_eq!(found(&people, two), "second act login+name");
    // The address is the one's, the login the other's.
    let torn = account("ada.byron2", "Ada Byron", "ada.byron@firm.test", "");
    assert!(found(&people, torn).contains("possible"));
}

#[test]
fn a_firm_of_two_thousand_keeps_the_bars() {
    for seed in 1..=6 {
        let firm = Firm::new(seed, 2_000, 0.03);
        let found = matches(&firm.people(), &firm.accounts());
        let figures = Figures::of(&firm.truth, &found);
        let ((act, act_recall), (both, both_recall)) = (figures.of_act(), figures.of_both());
        assert!(
            act >= 0.9999 && act_recall >= 0.958,
            "seed {seed}: {figures}"
        );
        assert!(
            both >= 0.998 && both_recall >= 0.983,
            "seed {seed}: {figures}"
        );
        assert_eq!(figures.nobodys, 0, "seed {seed}: {figures}");
    }
}

#[test]
fn an_account_has_one_link_at_most_and_its_candidates_in_order() {
    let firm = Firm::new(7, 2_000, 0.2);
    let found = matches(&firm.people(), &firm.accounts());
    for pair in found.windows(2).filter(|p| p[0].account == p[1].account) {
        assert!(pair[0].score >= pair[1].score);
        assert!(pair[1].band == Band::Possible && pair[0].band != Band::Act);
    }
    assert_eq!(found, matches(&firm.people(), &firm.accounts()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_text_panics(texts in prop::collection::vec("(\\PC{0,12}|[a-z@.+#_0-9 ,é'()-]{0,16})", 12)) {
        let t = |i: usize| texts[i].as_str();
        let people = [
            Person { id: "p", employee_number: t(0), name: t(1), email: t(2), started_on: "", left_on: "" },
            Person { id: "q", employee_number: t(3), name: t(4), email: t(5), started_on: "", left_on: "" },
        ];
        let mut accounts = Vec::new();
        for i in 0..8 {
            accounts.push(account(t(i), t(i + 1), t(i + 2), t(i + 3)));
        }
        prop_assert!(matches(&people, &accounts).len() <= 16);
    }
}
