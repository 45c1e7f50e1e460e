//! The catalogue that comes with the product: complete, true to its sources, ordered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use standing_assess::catalogue::files::{BUILTIN, Files};
use standing_assess::catalogue::{Asked, Catalogue, Certainty, ChangeKind, Mandatory, Ref, Scheme};

mod overlay;
mod sheet;

const PROFILES: [&str; 4] = ["company-3", "social-care-3", "gp-4", "it-supplier-2"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
}

fn refs(list: &[&str]) -> Vec<Ref> {
    list.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn no_file_is_forgotten() {
    let on_disk: BTreeSet<String> = std::fs::read_dir(folder().join("items"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = BUILTIN.items.iter().map(|(n, _)| (*n).to_owned()).collect();
    assert_eq!(
        on_disk, listed,
        "catalogue/items and src/catalogue/files.rs differ"
    );
    let beside: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [
        "SOURCES.md",
        "editions.toml",
        "exemptions.toml",
        "items",
        "profiles.toml",
        "standards.toml",
        "support.csv",
    ];
    assert_eq!(beside, expected.map(str::to_owned).into());
}

#[test]
fn every_item_says_for_every_profile_what_is_known() {
    for item in &Catalogue::builtin().items {
        for edition in ["v7", "v8"] {
            for profile in PROFILES {
                let binding = item.binding(edition, profile);
                let binding =
                    binding.unwrap_or_else(|| panic!("{} {edition} {profile}", item.reference));
                assert!(!binding.source.is_empty());
            }
        }
        assert_eq!(item.binds.len(), 8, "{}", item.reference);
    }
}

#[test]
fn items_are_in_the_order_of_their_numbers() {
    let items = &Catalogue::builtin().items;
    assert!(items.is_sorted_by_key(|item| item.reference));
    let at = |text: &str| items.iter().position(|i| i.reference.to_string() == text);
    assert!(at("1.3.8") < at("1.3.12"));
    assert!(at("9.6.2") < at("10.1.2"));
}

#[test]
fn refs_order_by_number_and_refuse_other_shapes() {
    let mut list = refs(&["10.1.2", "1.1.10", "1.1.2", "2.1.1"]);
    list.sort();
    assert_eq!(list, refs(&["1.1.2", "1.1.10", "2.1.1", "10.1.2"]));
    for wrong in [
        "",
        "1.1",
        "1.1.1.1",
        "1..1",
        "01.1.1",
        "1.1.+1",
        "1.1.x",
        "1.1.99999",
        "A1.a",
    ] {
        assert!(wrong.parse::<Ref>().is_err(), "{wrong}");
    }
}

#[test]
fn the_gp_list_has_the_counts_of_its_sheet() {
    let coverage = Catalogue::builtin().coverage("gp-4", "v8");
    assert_eq!(coverage.items, 45);
    assert_eq!(coverage.mandatory, 29);
    assert_eq!(coverage.approaching, 19);
    assert_eq!(coverage.assertions, 28);
    assert_eq!(coverage.mandatory_unidentified, Some(0));
    assert!(coverage.is_complete());
}

#[test]
fn social_care_has_36_mandatory_items_tied_or_likely_and_nine_unidentified() {
    let coverage = Catalogue::builtin().coverage("social-care-3", "v8");
    assert_eq!(coverage.mandatory, 36);
    assert_eq!(coverage.mandatory_unidentified, Some(9));
    let by = &coverage.mandatory_by_certainty;
    assert_eq!(by[&Certainty::Sourced], 8);
    assert_eq!(by[&Certainty::OlderEdition], 11 + 2);
    assert_eq!(by[&Certainty::Inferred], 5);
    assert_eq!(by[&Certainty::Weak], 10);
    assert!(!coverage.is_complete());
}

#[test]
fn nothing_about_a_company_is_called_sourced_unless_it_is_news_of_the_whole_category() {
    for item in &Catalogue::builtin().items {
        let binding = item.binding("v8", "company-3").unwrap();
        assert_ne!(binding.certainty, Certainty::Sourced, "{}", item.reference);
    }
}

#[test]
fn coverage_adds_up() {
    let catalogue = Catalogue::builtin();
    for profile in PROFILES {
        let c = catalogue.coverage(profile, "v8");
        println!("{c:#?}");
        assert_eq!(c.items, catalogue.items_for("v8", profile).len());
        assert_eq!(c.items, c.carried_by_checks + c.by_statement_only);
        assert_eq!(c.items, c.mandatory + c.optional + c.mandatory_unknown);
        assert!(c.asked_unknown <= c.mandatory_unknown);
        assert!(!c.completeness.is_empty());
        assert!(!c.completeness.contains(|l: char| l.is_ascii_digit()
            && l != '8'
            && l != '7'
            && l != '2'
            && l != '3'));
    }
}

#[test]
fn nothing_is_known_of_version_9_and_version_8_stands_in() {
    let catalogue = Catalogue::builtin();
    let v9 = catalogue.edition("v9").unwrap();
    assert_eq!(v9.deadline_certainty.as_str(), "assumed");
    for profile in PROFILES {
        assert!(catalogue.items_for("v9", profile).is_empty());
        assert_eq!(catalogue.judged_by("v9", profile).unwrap().id, "v8");
        assert_eq!(catalogue.judged_by("v7", profile).unwrap().id, "v7");
    }
    assert_eq!(catalogue.latest_known_edition().id, "v8");
    assert!(catalogue.judged_by("v99", "gp-4").is_none());
}

#[test]
fn a_day_belongs_to_the_first_edition_whose_deadline_has_not_passed() {
    let catalogue = Catalogue::builtin();
    let on = |day: &str| {
        let edition = catalogue.edition_for_deadline(day.parse().unwrap());
        edition.map(|e| e.id.as_str())
    };
    assert_eq!(on("2025-06-30"), Some("v7"));
    assert_eq!(on("2025-07-01"), Some("v8"));
    assert_eq!(on("2026-06-30"), Some("v8"));
    assert_eq!(on("2026-11-21"), Some("v9"));
    assert_eq!(on("2027-07-01"), None);
}

#[test]
fn exemptions_are_known_for_gp_practices_only() {
    let catalogue = Catalogue::builtin();
    let plus = catalogue.exempt("v8", "gp-4", Scheme::CyberEssentialsPlus);
    assert_eq!(plus, refs(&["4.2.4", "6.2.1", "9.1.1", "9.2.1"]));
    assert!(catalogue.exemptions_seen("v8", "gp-4"));
    for profile in ["company-3", "social-care-3", "it-supplier-2"] {
        for scheme in Scheme::ALL {
            assert!(catalogue.exempt("v8", profile, *scheme).is_empty());
        }
        assert!(!catalogue.exemptions_seen("v8", profile));
        let stated = |n: &&_| -> bool {
            let n: &standing_assess::catalogue::NotSeen = n;
            n.edition == "v8" && n.profile == profile
        };
        assert!(catalogue.exemptions_not_seen.iter().any(|n| stated(&n)));
    }
}

#[test]
fn the_change_from_v7_to_v8_is_what_the_notes_say() {
    let catalogue = Catalogue::builtin();
    let of = |profile: &str, kind: ChangeKind| -> Vec<Ref> {
        let all = catalogue.diff("v7", "v8", profile);
        all.iter()
            .filter(|c| c.kind == kind)
            .map(|c| c.item)
            .collect()
    };
    assert_eq!(
        of("gp-4", ChangeKind::Added),
        refs(&[
            "7.1.1", "7.1.5", "7.1.6", "8.1.4", "8.2.1", "8.3.8", "8.4.3"
        ])
    );
    assert_eq!(
        of("gp-4", ChangeKind::WordingChanged),
        refs(&[
            "1.1.3", "1.1.5", "1.3.1", "1.3.6", "3.2.1", "4.4.1", "7.1.2", "7.3.4", "8.3.1",
            "10.2.2"
        ])
    );
    assert!(of("gp-4", ChangeKind::Removed).is_empty());
    assert_eq!(of("it-supplier-2", ChangeKind::Removed), refs(&["2.1.1"]));
    assert_eq!(of("it-supplier-2", ChangeKind::Added), refs(&["7.1.5"]));
    assert_eq!(
        of("it-supplier-2", ChangeKind::WordingChanged),
        refs(&[
            "1.1.2", "1.1.3", "1.3.2", "4.3.1", "4.5.3", "7.1.2", "7.3.4", "9.2.1"
        ])
    );
    for profile in ["social-care-3", "company-3"] {
        assert_eq!(
            of(profile, ChangeKind::BecameMandatory),
            refs(&["4.3.1", "7.1.1"])
        );
        assert_eq!(
            of(profile, ChangeKind::Added),
            refs(&["7.1.5", "7.1.6", "8.3.8"])
        );
    }
    // Where the older list is not known, the difference says so instead of saying nothing.
    assert!(of("company-3", ChangeKind::Unknown).contains(&refs(&["8.1.4"])[0]));
    let to_v9 = catalogue.diff("v8", "v9", "gp-4");
    assert_eq!(to_v9.len(), 58);
    assert!(to_v9.iter().all(|c| c.kind == ChangeKind::Unknown));
    assert!(
        catalogue
            .diff("v8", "v8", "gp-4")
            .iter()
            .all(|c| c.kind == ChangeKind::WordingChanged)
    );
}

#[test]
fn items_that_are_known_by_hearsay_alone_are_not_shipped() {
    for text in ["1.3.11", "1.3.14", "1.4.2", "7.3.1", "8.3.5"] {
        assert!(
            Catalogue::builtin().item(text.parse().unwrap()).is_none(),
            "{text}"
        );
    }
}

/// The checks that others write for these items.
const CHECKS: &str = "leavers_have_no_access every_account_belongs_to_somebody
    administrators_use_mfa remote_accounts_use_mfa movers_keep_no_old_rights accounts_are_personal
    special_accounts_have_an_owner accounts_are_in_use administrators_have_signed
    root_accounts_have_no_keys access_keys_are_rotated people_are_recorded_with_their_roles
    starters_had_their_induction training_reaches_its_threshold
    nobody_is_long_overdue_for_training documents_are_within_review documents_are_finished
    documents_agree_on_role_holders policies_state_a_review_date a_privacy_notice_is_kept
    a_continuity_plan_is_kept an_incident_procedure_is_kept a_retention_schedule_is_kept
    data_protection_and_security_policies_are_kept suppliers_hold_current_certificates
    supplier_contracts_meet_article_28 the_supplier_register_is_kept
    operating_systems_are_supported unsupported_systems_have_an_accepted_risk
    high_risk_fixes_are_installed_in_time every_server_has_an_inventory
    devices_have_malware_protection portable_devices_are_encrypted assets_have_an_owner
    devices_in_use_are_seen systems_are_ranked_and_linked backups_are_recent
    restores_are_rehearsed backups_are_protected restores_meet_their_objective
    stores_of_personal_data_are_registered the_store_register_is_approved stores_are_encrypted
    stores_are_not_public flows_are_encrypted reportable_incidents_were_reported_in_time
    incidents_were_reviewed top_risks_are_kept access_is_reviewed_quarterly
    leavers_lose_access_in_time the_population_reconciles";

#[test]
fn items_name_checks_by_their_agreed_names() {
    let known: BTreeSet<&str> = CHECKS.split_whitespace().collect();
    assert_eq!(Catalogue::builtin().unknown_checks(&known), []);
    let none = BTreeSet::new();
    assert!(!Catalogue::builtin().unknown_checks(&none).is_empty());
}

#[test]
fn support_dates_are_the_regular_ones() {
    let support = &Catalogue::builtin().support;
    let find = |product: &str, cycle: &str| {
        support
            .iter()
            .find(|r| r.product == product && r.cycle == cycle)
            .unwrap()
    };
    let bookworm = find("debian", "12");
    assert_eq!(bookworm.ends_on.unwrap().to_string(), "2026-07-11");
    assert_eq!(bookworm.extended_until.unwrap().to_string(), "2028-06-30");
    assert_eq!(
        find("windows", "10-22h2").ends_on.unwrap().to_string(),
        "2025-10-14"
    );
    assert_eq!(find("macos", "15").ends_on, None);
}

#[test]
fn the_data_speaks_of_public_sources_and_of_nothing_on_our_disks() {
    let f = BUILTIN;
    let beside = [f.editions, f.profiles, f.standards, f.exemptions, f.support];
    for text in beside
        .into_iter()
        .chain(f.items.iter().map(|(_, text)| *text))
    {
        for word in ["../", "/work", "/home", "shared/"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

/// What is wrong in the files, when one item and nothing else is put into them.
fn mistakes(name: &str, text: &str) -> String {
    let files = Files {
        items: &[(name, text)],
        exemptions: "exemption = []\nnot_seen = []\n",
        ..BUILTIN
    };
    Catalogue::parse(&files).unwrap_err().to_string()
}

const GOOD: &str = r#"ref = "4.2.4"
title = "Access ends"
answer = "yes-no"
not_applicable_allowed = false
checks = []
statement = "needed"
still_needs = ["Who."]

[[binds]]
edition = "v8"
profile = "gp-4"
mandatory = "yes"
certainty = "sourced"
source = "the sheet"
"#;

#[test]
fn a_good_item_is_read_and_may_be_relied_on_for_a_year() {
    let files = Files {
        items: &[("4.2.4.toml", GOOD)],
        exemptions: "exemption = []\nnot_seen = []\n",
        ..BUILTIN
    };
    let catalogue = Catalogue::parse(&files).unwrap();
    assert_eq!(catalogue.items[0].renew_months, 12);
    assert_eq!(catalogue.items[0].binds[0].asked(), Asked::Yes);
}

#[test]
fn a_mistake_names_file_line_and_what_was_expected() {
    assert_eq!(
        mistakes("4.2.4.toml", &GOOD.replace("\"yes-no\"", "\"tick\"")),
        "catalogue/items/4.2.4.toml line 3: \"tick\"; expected one of yes-no, text, document, date"
    );
    assert_eq!(
        mistakes("4.2.4.toml", &GOOD.replace("title =", "titel =")),
        "catalogue/items/4.2.4.toml line 2: unknown field `titel`, expected one of `ref`, `title`, \
         `answer`, `answer_uncertain`, `not_applicable_allowed`, `checks`, `statement`, \
         `still_needs`, `renew_months`, `notes`, `binds`; expected the fields that its neighbours have"
    );
    assert_eq!(
        mistakes("4.2.5.toml", GOOD),
        "catalogue/items/4.2.5.toml line 1: ref \"4.2.4\"; expected the ref that the file is named for"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let bad = GOOD
        .replace("\"needed\"", "\"not needed\"")
        .replace("\"v8\"", "\"v88\"")
        .replace("\"sourced\"", "\"unknown\"");
    assert_eq!(
        mistakes("4.2.4.toml", &bad),
        "catalogue/items/4.2.4.toml line 6: `statement` and `still_needs` at odds; expected \
         something in `still_needs` exactly if a statement is needed\n\
         catalogue/items/4.2.4.toml line 6: neither a check nor a statement; expected a statement, \
         where no check speaks for the item\n\
         catalogue/items/4.2.4.toml line 10: edition \"v88\"; expected one of v7, v8, v9\n\
         catalogue/items/4.2.4.toml line 13: `unknown`; expected a certainty, where it is said \
         whether the item is mandatory"
    );
    let files = Files {
        support: "product,cycle,ends_on,extended_until,said_by\ndebian,12,soon,,me\ndebian\n",
        ..BUILTIN
    };
    assert_eq!(
        Catalogue::parse(&files).unwrap_err().to_string(),
        "catalogue/support.csv line 2: \"soon\"; expected a day like 2026-06-30, or nothing\n\
         catalogue/support.csv line 3: 1 cells; expected 5"
    );
}

/// The rows of one of the reference tables, by column name; none if the folder is absent.
fn reference(name: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference")
        .join(name);
    if !path.exists() {
        println!("skipped: ../shared not present");
        return None;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize().map(Result::unwrap).collect();
    Some(rows)
}

#[test]
fn every_fact_of_the_item_table_is_carried_over() {
    let Some(rows) = reference("dspt_items.csv") else {
        return;
    };
    let catalogue = Catalogue::builtin();
    let ours: Vec<String> = catalogue
        .items
        .iter()
        .map(|i| i.reference.to_string())
        .collect();
    let mut theirs: Vec<Ref> = rows.iter().map(|r| r["ref"].parse().unwrap()).collect();
    theirs.sort();
    assert_eq!(ours, theirs.iter().map(Ref::to_string).collect::<Vec<_>>());
    for row in &rows {
        let item = catalogue.item(row["ref"].parse().unwrap()).unwrap();
        let at = &row["ref"];

        let form = row["answer_type"].replace("text in substance; recorded as", "text,");
        let forms = ["yes-no", "text", "document", "date"];
        let first = forms
            .iter()
            .filter(|f| form.contains(**f))
            .min_by_key(|f| form.find(**f));
        assert_eq!(item.answer.as_str(), *first.unwrap_or(&"yes-no"), "{at}");
        assert_eq!(item.answer_uncertain, form.contains("uncertain"), "{at}");
        if form.contains("Not applicable") {
            assert!(item.not_applicable_allowed, "{at}");
        }

        let stated = &row["cat3_mandatory"];
        let likely = [
            "1.4.1", "4.2.4", "4.5.3", "5.1.1", "6.1.3", "6.2.1", "7.3.2", "7.3.4", "8.3.1",
            "10.2.1",
        ];
        let (mandatory, certainty) = match stated.as_str() {
            s if s.starts_with("yes (v8") => (Mandatory::Yes, Certainty::Sourced),
            s if s.starts_with("yes in") => (Mandatory::Yes, Certainty::OlderEdition),
            s if s.starts_with("asked of Cat 3") => (Mandatory::Yes, Certainty::Inferred),
            s if s.starts_with("no (inferred") => (Mandatory::No, Certainty::Inferred),
            _ if likely.contains(&at.as_str()) => (Mandatory::Yes, Certainty::Weak),
            s if s.starts_with("item exists") => (Mandatory::Unknown, Certainty::Inferred),
            s if s.starts_with("listed for") => (Mandatory::Unknown, Certainty::OlderEdition),
            s => {
                assert!(s.starts_with("unknown"), "{at}: {s}");
                (Mandatory::Unknown, Certainty::Unknown)
            }
        };
        let care = item.binding("v8", "social-care-3").unwrap();
        assert_eq!(
            (care.mandatory, care.certainty),
            (mandatory, certainty),
            "{at}"
        );
        let company = item.binding("v8", "company-3").unwrap();
        assert_eq!(company.mandatory, mandatory, "{at}");
        assert!(
            company.certainty >= certainty,
            "{at}: no surer of a company than of social care"
        );

        let (mandatory, certainty) = match row["cat2"].as_str() {
            s if s.starts_with("applies") => (Mandatory::Unknown, Certainty::Sourced),
            s if s.starts_with("removed") => (Mandatory::NotAsked, Certainty::Sourced),
            s if s.starts_with("in assertion") => (Mandatory::Unknown, Certainty::Inferred),
            s if s.starts_with("likely") => (Mandatory::Unknown, Certainty::Weak),
            s if s.starts_with("IT-supplier audit") => (Mandatory::Unknown, Certainty::Weak),
            s => {
                assert!(s.starts_with("unknown"), "{at}: {s}");
                (Mandatory::Unknown, Certainty::Unknown)
            }
        };
        let supplier = item.binding("v8", "it-supplier-2").unwrap();
        assert_eq!(
            (supplier.mandatory, supplier.certainty),
            (mandatory, certainty),
            "{at}"
        );
    }
}

#[test]
fn every_flag_of_the_gp_table_is_carried_over() {
    let Some(rows) = reference("dspt_v8_cat4_flags.csv") else {
        return;
    };
    let catalogue = Catalogue::builtin();
    assert_eq!(rows.len(), catalogue.items_for("v8", "gp-4").len());
    for row in &rows {
        let at = &row["ref"];
        let item = catalogue.item(at.parse().unwrap()).unwrap();
        let gp = item.binding("v8", "gp-4").unwrap();
        let mandatory = row["cat4_mandatory_standards_met"] == "true";
        assert_eq!(gp.mandatory == Mandatory::Yes, mandatory, "{at}");
        assert_eq!(gp.mandatory == Mandatory::No, !mandatory, "{at}");
        let approaching = row["cat4_mandatory_approaching"] == "true";
        assert_eq!(gp.approaching, Some(approaching), "{at}");
        assert_eq!(gp.certainty, Certainty::Sourced, "{at}");
        for (theirs, scheme) in [
            ("cyber_essentials_plus", Scheme::CyberEssentialsPlus),
            ("iso27001", Scheme::Iso27001),
            ("psn_ia", Scheme::PsnIa),
        ] {
            let waived = catalogue
                .exempt("v8", "gp-4", scheme)
                .contains(&item.reference);
            let stated = row["exemptions"].split(';').any(|e| e == theirs);
            assert_eq!(waived, stated, "{at} {theirs}");
        }
        let note = &row["change_note_from_v7"];
        let (what, whom) = note.split_once(" for cat ").unwrap_or((note, ""));
        for (profile, category) in PROFILES.iter().zip(["3", "3", "4", "2"]) {
            let change = item.binding("v8", profile).unwrap().change.as_ref();
            let words = change.map_or("", |c| c.as_str());
            let expected = match what {
                _ if !whom.contains(category) => "",
                "Updated tooltip" => "guidance changed",
                "Updated evidence item" => "evidence wording changed",
                "Updated evidence item and tooltip" => "evidence wording and guidance changed",
                "New evidence item" => "new in this edition",
                "Now applicable" | "Now applies" => "newly asked of this category",
                "Removed" => "no longer asked of this category",
                other => panic!("{at}: {other}"),
            };
            if words != "mandatory for the first time" {
                assert_eq!(words, expected, "{at} {profile}");
            }
        }
    }
}

#[test]
fn not_applicable_is_allowed_where_the_sheet_allows_it() {
    let allowed: Vec<Ref> = Catalogue::builtin()
        .items
        .iter()
        .filter(|item| item.not_applicable_allowed)
        .map(|item| item.reference)
        .collect();
    assert_eq!(
        allowed,
        refs(&[
            "1.3.12", "1.4.3", "4.3.1", "4.4.1", "5.1.1", "6.1.2", "6.1.3", "6.2.1", "8.1.4",
            "8.2.1", "9.1.1", "9.5.2", "10.1.2", "10.2.1", "10.2.2",
        ])
    );
}
