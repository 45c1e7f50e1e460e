//! From verdicts and statements to the standing of an item: each basis, and what turns it.

use standing_assess::assessment::{Assessment, Basis, ItemStanding, assess};
use standing_assess::catalogue::Catalogue;
use standing_assess::check::Verdict;
use standing_assess::index::{CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::{AsOf, Estate, Freshness, Index, checks, literate};
use standing_facts::{Gap, GapCode, Outcome};

const READ_AT: &str = "2026-11-01T09:00:00.000Z";

/// A firm in small: facts of one source, and records, a line each in the words of literate checks.
struct Firm {
    facts: Vec<&'static str>,
    records: Vec<&'static str>,
    gap: Option<(&'static str, GapCode)>,
}

impl Firm {
    fn assess(&self, profile: &str, day: &str) -> Assessment {
        let mut index = Index::in_memory().unwrap();
        let tables = [
            "person",
            "account",
            "system",
            "training_completion",
            "certificate",
        ];
        let source = ConfiguredSource {
            name: "s".into(),
            kind: "test".into(),
            tables: tables.map(str::to_owned).to_vec(),
            fresh_for_days: 31,
        };
        index.configured(READ_AT, &[source]).unwrap();
        let gaps = self.gap.iter().map(|(table, code)| Gap {
            table: Some((*table).into()),
            code: *code,
            detail: "the second page is not here".into(),
        });
        let meta = CollectionMeta {
            entry: 7,
            source: "s".into(),
            kind: "test".into(),
            scope: "all".into(),
            started_at: READ_AT.into(),
            ended_at: READ_AT.into(),
            outcome: if self.gap.is_some() {
                Outcome::Partial
            } else {
                Outcome::Complete
            },
            parts: 1,
            counts: tables.map(|t| (t.to_owned(), 0)).into(),
            gaps: gaps.collect(),
            problems: 0,
        };
        let rows = self
            .facts
            .iter()
            .map(|line| Ok::<_, IndexError>(literate::fact(line).unwrap()));
        index.collection(&meta, rows).unwrap();
        for (i, line) in self.records.iter().enumerate() {
            index
                .record(20 + i as u64, READ_AT, literate::fact(line).unwrap())
                .unwrap();
        }
        let catalogue = Catalogue::builtin();
        let as_of = AsOf::end_of(day.parse().unwrap());
        let estate = Estate::new(&mut index, as_of, Freshness::Measured, &[]).unwrap();
        assess(&estate, catalogue, "v8", profile, &checks::builtin()).unwrap()
    }
}

fn item(assessment: &Assessment, name: &str) -> ItemStanding {
    assessment
        .items
        .iter()
        .find(|i| i.item == name)
        .unwrap()
        .clone()
}

const ADA: &str =
    "person id=s/p1 email=ada@firm.test department=D job_title=J started_on=2020-01-01";
const TRAINED: &str = "training_completion id=s/t1 email=ada@firm.test course=\"Data security\" completed_on=2026-03-01 outcome=passed";
const YES: &str = "attestation id=r1 item=4.1.1 answer=yes statement=\"Kept in HR\" stated_by=Ada stated_on=2026-10-01";
const NO: &str = "attestation id=r1 item=4.1.1 answer=no statement=\"We have none\" stated_by=Ada stated_on=2026-10-01";

#[test]
fn each_basis_and_what_it_rests_on() {
    // 4.1.1 is carried by people_are_recorded_with_their_roles and wants a statement beside it.
    let nobody_recorded = "person id=s/p1 email=ada@firm.test started_on=2020-01-01";
    for (what, facts, records, gap, day, verdict, basis, says) in [
        (
            "measured and stated",
            vec![ADA],
            vec![YES],
            None,
            "2026-11-10",
            Verdict::Met,
            Basis::Measured,
            "1 of 1",
        ),
        (
            "measured, not stated",
            vec![ADA],
            vec![],
            None,
            "2026-11-10",
            Verdict::Unknown,
            Basis::Unsupported,
            "A person must state",
        ),
        (
            "stated, measured otherwise",
            vec![nobody_recorded],
            vec![YES],
            None,
            "2026-11-10",
            Verdict::NotMet,
            Basis::Contradicted,
            "A statement of 1 October 2026 says otherwise",
        ),
        (
            "not stated, measured not so",
            vec![nobody_recorded],
            vec![],
            None,
            "2026-11-10",
            Verdict::NotMet,
            Basis::Measured,
            "1 of 1",
        ),
        (
            "stated not to be so",
            vec![ADA],
            vec![NO],
            None,
            "2026-11-10",
            Verdict::NotMet,
            Basis::Attested,
            "states that it is not so",
        ),
        (
            "half read",
            vec![ADA],
            vec![YES],
            Some(("person", GapCode::Truncated)),
            "2026-11-10",
            Verdict::Unknown,
            Basis::Unsupported,
            "the second page is not here",
        ),
        (
            "read too long ago",
            vec![ADA],
            vec![YES],
            None,
            "2026-12-25",
            Verdict::Unknown,
            Basis::Lapsed,
            "last read completely on 1 November 2026",
        ),
        (
            "stated too long ago",
            vec![ADA],
            vec![
                "attestation id=r1 item=4.1.1 answer=yes stated_on=2025-11-05 expires_on=2026-11-05",
            ],
            None,
            "2026-11-10",
            Verdict::Unknown,
            Basis::Lapsed,
            "could be relied upon until 5 November 2026",
        ),
    ] {
        let firm = Firm {
            facts,
            records,
            gap,
        };
        let found = item(&firm.assess("company-3", day), "4.1.1");
        assert_eq!(
            (found.verdict, found.basis),
            (verdict, basis),
            "{what}: {}",
            found.reason
        );
        assert!(found.reason.contains(says), "{what}: {}", found.reason);
        let stands = matches!(verdict, Verdict::Met | Verdict::NotApplicable);
        assert_eq!(found.turn.is_none(), stands, "{what}: whose turn it is");
        assert_eq!(
            found.lapses_on.is_some(),
            stands,
            "{what}: {:?}",
            found.lapses_because
        );
        if what == "measured and stated" {
            assert_eq!(found.evidence, [7, 20], "the collection and the record");
            assert_eq!(found.lapses_on.unwrap().to_string(), "2027-10-02");
        }
    }
}

#[test]
fn an_item_that_no_check_carries_rests_on_a_statement_alone() {
    let firm = |records| Firm {
        facts: vec![],
        records,
        gap: None,
    };
    let stated = firm(vec![
        "attestation id=r item=1.1.1 answer=yes statement=Z1 stated_by=Ada stated_on=2026-10-01",
    ]);
    let found = item(&stated.assess("company-3", "2026-11-10"), "1.1.1");
    assert_eq!(
        (found.verdict, found.basis),
        (Verdict::Met, Basis::Attested)
    );
    let found = item(&firm(vec![]).assess("company-3", "2026-11-10"), "1.1.1");
    assert_eq!(
        (found.verdict, found.basis),
        (Verdict::Unknown, Basis::Unsupported)
    );
    // Before it was stated it was not.
    let found = item(&stated.assess("company-3", "2026-09-30"), "1.1.1");
    assert_eq!(found.verdict, Verdict::Unknown);
}

#[test]
fn not_applicable_counts_only_where_the_toolkit_allows_it() {
    let firm = Firm {
        facts: vec![],
        records: vec![
            "attestation id=r1 item=1.3.12 answer=\"not applicable\" statement=\"No paper\" stated_by=Ada stated_on=2026-10-01",
            "attestation id=r2 item=1.1.1 answer=\"not applicable\" statement=\"No\" stated_by=Ada stated_on=2026-10-01",
        ],
        gap: None,
    };
    let assessment = firm.assess("company-3", "2026-11-10");
    assert_eq!(item(&assessment, "1.3.12").verdict, Verdict::NotApplicable);
    assert_eq!(item(&assessment, "1.1.1").verdict, Verdict::Unknown);
}

#[test]
fn a_certificate_waives_only_what_its_list_scope_and_last_day_allow() {
    let plus = |more: &str| -> &'static str {
        Box::leak(
            format!("certificate id=s/c holder=self scheme=cyber-essentials-plus issued_on=2026-02-01 {more}")
                .into_boxed_str(),
        )
    };
    for (certificate, profile, waived) in [
        (
            plus("covers_all_care_data=true expires_on=2027-01-31"),
            "gp-4",
            true,
        ),
        (
            plus("covers_all_care_data=false expires_on=2027-01-31"),
            "gp-4",
            false,
        ),
        (plus("expires_on=2027-01-31"), "gp-4", false),
        (
            plus("covers_all_care_data=true expires_on=2026-11-09"),
            "gp-4",
            false,
        ),
        (plus("covers_all_care_data=true"), "gp-4", false),
        // A certificate that begins in the future waives nothing yet.
        (
            "certificate id=s/c holder=self scheme=cyber-essentials-plus covers_all_care_data=true \
             issued_on=2026-11-11 expires_on=2027-11-10",
            "gp-4",
            false,
        ),
        // No list was seen for companies, so nothing is waived.
        (
            plus("covers_all_care_data=true expires_on=2027-01-31"),
            "company-3",
            false,
        ),
    ] {
        let firm = Firm {
            facts: vec![certificate],
            records: vec![],
            gap: None,
        };
        let assessment = firm.assess(profile, "2026-11-10");
        let found = item(&assessment, "9.1.1");
        assert_eq!(
            found.verdict == Verdict::NotApplicable,
            waived,
            "{certificate} {profile}"
        );
        assert_eq!(found.waived_by.is_some(), waived);
        if waived {
            assert_eq!(found.lapses_on.unwrap().to_string(), "2027-02-01");
            // Items that are not in the list are not waived.
            assert_eq!(item(&assessment, "1.1.1").verdict, Verdict::Unknown);
        }
    }
}

#[test]
fn an_exception_lets_a_subject_pass_until_its_last_day() {
    let firm = Firm {
        facts: vec![
            "account id=s/a1 system=S login=root enabled=true kind=break-glass privileged=true mfa=false",
            "account id=s/a2 system=S login=ada enabled=true privileged=true mfa=true",
        ],
        records: vec![
            "exception id=r1 check_name=administrators_use_mfa subject=S/A1 reason=\"sealed envelope\" approved_by=Board approved_on=2026-10-01 expires_on=2026-11-20",
        ],
        gap: None,
    };
    let result = |day| firm.assess("company-3", day).checks["administrators_use_mfa"].clone();
    let during = result("2026-11-20");
    assert_eq!((during.verdict, during.excepted), (Verdict::Met, 1));
    assert!(during.lapses.contains_key(&"2026-11-21".parse().unwrap()));
    assert_eq!(result("2026-11-21").verdict, Verdict::NotMet);
    assert_eq!(
        result("2026-09-30").verdict,
        Verdict::Unknown,
        "nothing was read yet"
    );
}

#[test]
fn readiness_needs_every_item_that_binds_and_is_never_had_for_nothing() {
    let empty = Firm {
        facts: vec![],
        records: vec![],
        gap: None,
    };
    let assessment = empty.assess("company-3", "2026-11-10");
    assert!(!assessment.ready());
    assert_eq!(assessment.binding_with(Verdict::Met), 0);
    let unknown_profile = empty.assess("nobody", "2026-11-10");
    assert!(!unknown_profile.ready(), "no items is not ready");
    // An item that is mandatory for nobody known does not stand in the way.
    assert!(
        assessment
            .items
            .iter()
            .filter(|i| i.mandatory == "no")
            .all(|i| !i.in_the_way())
    );
    assert!(
        assessment
            .items
            .iter()
            .any(|i| i.mandatory == "unknown" && i.in_the_way())
    );
}

#[test]
fn a_share_that_is_reached_without_a_statement_where_none_is_needed() {
    let firm = Firm {
        facts: vec![ADA, TRAINED],
        records: vec![],
        gap: None,
    };
    let found = item(&firm.assess("company-3", "2026-11-10"), "3.2.1");
    assert_eq!(
        (found.verdict, found.basis),
        (Verdict::Met, Basis::Measured),
        "{}",
        found.reason
    );
    assert_eq!(found.lapses_on.unwrap().to_string(), "2027-03-02");
}

#[test]
fn what_is_measured_otherwise_is_not_waved_away_as_not_applicable() {
    let firm = Firm {
        facts: vec![
            "account id=s/a1 system=S login=ada email=ada@firm.test enabled=true privileged=true",
            ADA,
        ],
        records: vec![
            "attestation id=r1 item=4.3.1 answer=\"not applicable\" statement=\"We have none\" stated_by=Ada stated_on=2026-10-01",
            "agreement id=r2 kind=other",
            "link account=s/a1 person=s/p1",
            "completeness id=r3 table_name=agreement statement=\"All of them\" stated_by=Ada stated_on=2026-10-01",
        ],
        gap: None,
    };
    let found = item(&firm.assess("company-3", "2026-11-10"), "4.3.1");
    assert_eq!(
        (found.verdict, found.basis),
        (Verdict::NotMet, Basis::Contradicted),
        "{}",
        found.reason
    );
}

#[test]
fn a_list_kept_by_hand_is_known_only_while_somebody_says_that_it_is_complete() {
    let supplier = "supplier id=r1 name=Cindermoor it_supplier=true personal_data=true contract_article_28=true contract_ends_on=2030-01-01";
    let firm = |records| Firm {
        facts: vec![],
        records,
        gap: None,
    };
    let verdict = |firm: &Firm, day| {
        firm.assess("company-3", day).checks["supplier_contracts_meet_article_28"].verdict
    };
    assert_eq!(
        verdict(&firm(vec![supplier]), "2026-11-10"),
        Verdict::Unknown
    );
    let stated = firm(vec![
        supplier,
        "completeness id=r2 table_name=supplier statement=\"Compared with the ledger\" stated_by=Ada stated_on=2026-10-01",
    ]);
    assert_eq!(verdict(&stated, "2026-11-10"), Verdict::Met);
    assert_eq!(verdict(&stated, "2027-10-01"), Verdict::Met);
    assert_eq!(verdict(&stated, "2027-10-02"), Verdict::Unknown);
    let found = item(&stated.assess("company-3", "2026-11-10"), "10.2.2");
    assert_ne!(
        found.basis,
        Basis::Measured,
        "what was written down by hand is not measured"
    );
}

#[test]
fn what_only_a_later_partial_run_saw_is_not_judged() {
    let index = Index::in_memory().unwrap();
    let source = ConfiguredSource {
        name: "s".into(),
        kind: "test".into(),
        tables: vec!["person".into()],
        fresh_for_days: 31,
    };
    index.configured(READ_AT, &[source]).unwrap();
    let run = |entry, at: &str, outcome, lines: &[&str]| {
        let meta = CollectionMeta {
            entry,
            source: "s".into(),
            kind: "test".into(),
            scope: "all".into(),
            started_at: at.into(),
            ended_at: at.into(),
            outcome,
            parts: 1,
            counts: [("person".to_owned(), 0)].into(),
            gaps: Vec::new(),
            problems: 0,
        };
        let rows = lines
            .iter()
            .map(|line| Ok::<_, IndexError>(literate::fact(line).unwrap()));
        index.collection(&meta, rows).unwrap();
    };
    run(1, READ_AT, Outcome::Complete, &[ADA]);
    // A partial run without a reason that is still known is partial all the same.
    run(
        2,
        "2026-11-02T09:00:00.000Z",
        Outcome::Partial,
        &["person id=s/p2"],
    );
    let mut index = index;
    let as_of = AsOf::end_of("2026-11-10".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Measured, &[]).unwrap();
    let all = checks::builtin();
    let check = all
        .iter()
        .find(|c| c.name == "people_are_recorded_with_their_roles")
        .unwrap();
    let result = check.run(&estate);
    assert_eq!((result.verdict, result.total()), (Verdict::Met, 1));
    let warning = estate.sources_of("person")[0].warning.clone().unwrap();
    assert!(warning.contains("2 November 2026 was partial"), "{warning}");
}

#[test]
fn a_stale_source_is_not_judged_beside_a_fresh_one_and_a_shared_key_links_nobody() {
    let index = Index::in_memory().unwrap();
    let sources = [("fresh", 31), ("stale", 3)].map(|(name, days)| ConfiguredSource {
        name: name.into(),
        kind: "test".into(),
        tables: vec!["account".into(), "person".into()],
        fresh_for_days: days,
    });
    index.configured(READ_AT, &sources).unwrap();
    for (entry, (name, lines)) in [
        (
            "fresh",
            vec![
                "account id=f/a1 system=S login=x1 email=two@firm.test enabled=true",
                "account id=f/a2 system=S login=x2 email=one@firm.test name=\"Ada Byron\" enabled=true",
                "person id=f/p1 email=one@firm.test name=\"Ada Byron\"",
                "person id=f/p2 email=two@firm.test",
                "person id=f/p3 email=two@firm.test",
            ],
        ),
        (
            "stale",
            vec!["account id=s/a3 system=S login=x3 enabled=true"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let meta = CollectionMeta {
            entry: entry as u64,
            source: name.into(),
            kind: "test".into(),
            scope: "all".into(),
            started_at: READ_AT.into(),
            ended_at: READ_AT.into(),
            outcome: Outcome::Complete,
            parts: 1,
            counts: [("account".to_owned(), 0), ("person".to_owned(), 0)].into(),
            gaps: Vec::new(),
            problems: 0,
        };
        let rows = lines
            .iter()
            .map(|line| Ok::<_, IndexError>(literate::fact(line).unwrap()));
        index.collection(&meta, rows).unwrap();
    }
    let mut index = index;
    let as_of = AsOf::end_of("2026-11-10".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Measured, &[]).unwrap();
    let rows = |sql| estate.query(sql, 10).unwrap().rows.len();
    assert_eq!(
        rows("select * from account"),
        2,
        "not the account of the stale source"
    );
    assert_eq!(
        rows("select * from link"),
        1,
        "two people share the other address"
    );
    assert_eq!(estate.gaps("account").len(), 1);
    assert!(estate.partly_known("account"));
}
