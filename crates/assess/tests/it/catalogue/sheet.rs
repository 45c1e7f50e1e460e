//! Synthetic sheets in our own wording: the official one is never in the repository.

use proptest::prelude::*;
use standing_assess::catalogue::sheet::{Sheet, SheetError, read};
use standing_assess::catalogue::{Catalogue, Overlay, OverlayRow, Scheme, Why};

/// A tab out of lines whose cells are separated by bars.
pub fn tab(name: &str, text: &str) -> Sheet {
    let rows = text.trim().lines().map(|line| {
        line.trim()
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    });
    Sheet {
        name: name.to_owned(),
        rows: rows.collect(),
    }
}

pub fn v9(sheets: &[Sheet]) -> Result<Overlay, SheetError> {
    read(Catalogue::builtin(), "v9", "sheet-26-27.xlsx", sheets)
}

fn row<'a>(overlay: &'a Overlay, item: &str, profile: &str) -> &'a OverlayRow {
    let found = overlay
        .rows
        .iter()
        .find(|r| r.reference.to_string() == item && r.profile == profile);
    found.unwrap_or_else(|| panic!("{item} {profile}"))
}

pub const WHOLE: &str = "
    Our own make-believe sheet
    |
    Tool tips – IT Suppliers (Cat2) | Assertion | Evidence text – Others (Cat 3) | Ref | Evidence text - Social Care (Category 3) | Mandatory for Standards Met | Mandatory for Approaching Standards | EVIDENCE TEXT—IT suppliers (Cat2) | Evidence text - Pharmacy (Category 3) | CE+ | ISO 27001 exemption | Change from v8 | Colour
    how to say it | 1.1 Openness | Say your number. | 1.1.1 | Say your number, carers. | Yes | Y | Say your number, vendors. | Say it, chemists. | | | | red
    | | | 1.1.2 | Keep a list. | Yes | Y | Keep a list, vendors. | Keep one. | x | | Worded afresh |
    | 4.2 Access | | | | | | | | | | |
    | | Take access away. | 4.2.4 | | no | | Take it away. | | | x | |
    | | Something wholly new. | 11.1.1 | | maybe | | | | | | New |
";

#[test]
fn columns_are_found_by_meaning_wherever_they_stand() {
    let overlay = v9(&[tab("All", WHOLE)]).unwrap();
    assert_eq!(
        overlay.profiles(),
        ["company-3", "it-supplier-2", "social-care-3"].into()
    );
    let number = row(&overlay, "1.1.1", "company-3");
    assert_eq!(number.evidence_text.as_deref(), Some("Say your number."));
    assert_eq!(number.mandatory, Some(true));
    assert_eq!(number.approaching, Some(true));
    assert_eq!(number.tooltip, None);
    let vendors = row(&overlay, "1.1.1", "it-supplier-2");
    assert_eq!(
        vendors.evidence_text.as_deref(),
        Some("Say your number, vendors.")
    );
    assert_eq!(vendors.tooltip.as_deref(), Some("how to say it"));
    let list = row(&overlay, "1.1.2", "social-care-3");
    assert_eq!(list.exemptions, [Scheme::CyberEssentialsPlus]);
    assert_eq!(list.change.as_deref(), Some("Worded afresh"));
    assert_eq!(
        overlay.schemes,
        [Scheme::CyberEssentialsPlus, Scheme::Iso27001]
    );
}

#[test]
fn a_blank_evidence_cell_means_not_asked() {
    let overlay = v9(&[tab("All", WHOLE)]).unwrap();
    assert_eq!(row(&overlay, "1.1.2", "company-3").evidence_text, None);
    assert_eq!(row(&overlay, "4.2.4", "social-care-3").evidence_text, None);
    assert!(row(&overlay, "4.2.4", "company-3").evidence_text.is_some());
}

#[test]
fn a_blank_is_a_no_only_in_a_column_that_never_says_no() {
    let overlay = v9(&[tab("All", WHOLE)]).unwrap();
    // "Mandatory" says no once and "maybe" once: neither is guessed at.
    assert_eq!(row(&overlay, "4.2.4", "company-3").mandatory, Some(false));
    assert_eq!(row(&overlay, "11.1.1", "company-3").mandatory, None);
    let open = v9(&[tab(
        "GP cat 4",
        "Ref | Evidence text | Mandatory\n1.1.1 | Say. | Y\n1.1.2 | List. | \n1.1.3 | Tell. | N",
    )])
    .unwrap();
    assert_eq!(row(&open, "1.1.2", "gp-4").mandatory, None);
    // "Approaching" only ever says Y.
    assert_eq!(row(&overlay, "4.2.4", "company-3").approaching, Some(false));
}

#[test]
fn nothing_is_dropped_in_silence() {
    let overlay = v9(&[
        tab("All", WHOLE),
        tab("Version control", "Date | Who\n1 May | Me"),
    ])
    .unwrap();
    let columns: Vec<_> = overlay
        .unmatched_columns
        .iter()
        .map(|u| {
            (
                u.sheet.as_str(),
                u.place.as_str(),
                u.content.as_str(),
                u.why,
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            (
                "All",
                "I",
                "Evidence text - Pharmacy (Category 3)",
                Why::NoProfile
            ),
            ("All", "M", "Colour", Why::HeadingNotUnderstood),
            ("Version control", "", "", Why::NoHeadings),
        ]
    );
    let rows: Vec<_> = overlay
        .unmatched_rows
        .iter()
        .map(|u| (u.place.as_str(), u.content.as_str(), u.why))
        .collect();
    assert_eq!(
        rows,
        [
            ("F8", "maybe", Why::NeitherYesNorNo),
            ("1", "Our own make-believe sheet", Why::AboveHeadings),
            ("6", "4.2 Access", Why::AsksNothing),
        ]
    );
}

#[test]
fn each_profile_may_have_a_tab_of_its_own() {
    let overlay = v9(&[
        tab(
            "Cat 4 GP",
            "Ref | Evidence text | Mandatory\n1.1.1 | Say, doctors. | Y",
        ),
        tab(
            "Cat2",
            "Ref | Evidence text | Mandatory\n1.1.1 | Say, vendors. | N",
        ),
    ])
    .unwrap();
    assert_eq!(row(&overlay, "1.1.1", "gp-4").mandatory, Some(true));
    assert_eq!(
        row(&overlay, "1.1.1", "it-supplier-2").mandatory,
        Some(false)
    );
    assert_eq!(overlay.profiles().len(), 2);
}

#[test]
fn the_closer_column_is_taken_and_the_other_one_named() {
    let overlay = v9(&[tab(
        "All",
        "Ref | Evidence text (Category 3) | Evidence text - Others (Category 3) | Mandatory | Mandatory (Category 2)
         1.1.1 | Anybody. | Others. | Y | N",
    )])
    .unwrap();
    assert_eq!(
        row(&overlay, "1.1.1", "company-3").evidence_text.as_deref(),
        Some("Others.")
    );
    assert_eq!(
        row(&overlay, "1.1.1", "social-care-3")
            .evidence_text
            .as_deref(),
        Some("Anybody.")
    );
    assert_eq!(row(&overlay, "1.1.1", "company-3").mandatory, Some(true));
    assert_eq!(overlay.unmatched_columns[0].place, "E");
}

#[test]
fn item_numbers_without_a_heading_are_found_by_content() {
    let overlay = v9(&[tab(
        "GP (Category 4)",
        "Assertion | | Evidence text | Mandatory\n1.1 | 1.1.1 | Say. | Y\n | 1.1.2 | List. | Y",
    )])
    .unwrap();
    assert_eq!(overlay.rows.len(), 2);
}

#[test]
fn a_number_of_another_shape_is_named_and_hides_no_item() {
    let overlay = v9(&[tab(
        "GP (Category 4)",
        "Ref | Evidence text | Mandatory\n1.1.1 | Say. | Y\nA1.a | Steer. | Y\n | Go on. | ",
    )])
    .unwrap();
    let why: Vec<_> = overlay
        .unmatched_rows
        .iter()
        .map(|u| (u.place.as_str(), u.why))
        .collect();
    assert_eq!(why, [("3", Why::NotAnItemNumber), ("4", Why::NoItemNumber)]);
}

#[test]
fn two_columns_of_one_meaning_are_refused_and_both_named() {
    let error = v9(&[tab(
        "All",
        "Ref | Evidence text - Others (Category 3) | Mandatory | Evidence text – others (Cat3)\n1.1.1 | a | Y | b",
    )])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "tab \"All\": columns B \"Evidence text - Others (Category 3)\" and D \"Evidence text – \
         others (Cat3)\" both give evidence text for company-3"
    );
    let error = v9(&[tab(
        "GP cat 4",
        "Ref | Item | Evidence text\n1.1.1 | 1.1.2 | a",
    )])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "tab \"GP cat 4\": columns A \"Ref\" and B \"Item\" both look like item numbers"
    );
}

#[test]
fn what_cannot_be_read_in_one_way_is_refused() {
    let message = |sheets: &[Sheet]| v9(sheets).unwrap_err().to_string();
    assert_eq!(
        message(&[tab("One", "a | b\nc | d"), tab("Two", "")]),
        "no tab has a row with an evidence-text heading; looked in One, Two"
    );
    assert_eq!(
        message(&[tab(
            "One",
            "Evidence text (Category 4) | Mandatory\nSay. | Y"
        )]),
        "tab \"One\" has evidence texts and no column of item numbers such as 7.2.1"
    );
    let one = "Ref | Evidence text (Category 4)\n1.1.1 | Say.";
    assert_eq!(
        message(&[tab("One", one), tab("Two", one)]),
        "tabs \"One\" and \"Two\" both have evidence texts for gp-4; name one"
    );
    assert_eq!(
        message(&[tab("One", &format!("{one}\n1.1.1 | Again."))]),
        "tab \"One\": rows 2 and 3 are both item 1.1.1"
    );
    assert_eq!(
        message(&[tab(
            "One",
            "Ref | Evidence text - Pharmacy (Category 3)\n1.1.1 | Say."
        )]),
        "no evidence-text column is for company-3, social-care-3, gp-4, it-supplier-2"
    );
    // A heading that names nobody, in a tab that names nobody, is not taken to mean everybody.
    assert_eq!(
        message(&[tab("One", "Ref | Evidence text\n1.1.1 | Say.")]),
        "no evidence-text column is for company-3, social-care-3, gp-4, it-supplier-2"
    );
}

#[test]
fn counts_are_compared_with_what_is_said_of_the_full_list() {
    let overlay = v9(&[tab(
        "GP cat 4",
        "Ref | Evidence text | Mandatory\n1.1.1 | Say. | Y",
    )])
    .unwrap();
    let differences = Catalogue::builtin().count_differences(&overlay);
    let told: Vec<_> = differences
        .iter()
        .map(|d| {
            (
                d.profile.as_str(),
                d.what,
                d.found,
                d.expected,
                d.expected_of.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("gp-4", "items asked", 1, 45, "v8"),
            ("gp-4", "mandatory items", 1, 29, "v8"),
        ]
    );
}

proptest! {
    /// Cells of any content in any shape never panic, and every non-blank row is a row of the
    /// overlay or named as left over.
    #[test]
    fn any_cells_are_read_or_named(
        body in prop::collection::vec(prop::collection::vec("[a1.x ]{0,6}|1\\.1\\.[1-9]|Yes|No", 0..6), 0..8)
    ) {
        let mut rows = vec![vec!["Ref".to_owned(), "Evidence text (Cat4)".to_owned(), "Mandatory".to_owned()]];
        rows.extend(body.clone());
        let sheet = Sheet { name: "x".to_owned(), rows };
        if let Ok(overlay) = v9(&[sheet]) {
            for (at, row) in body.iter().enumerate() {
                let filled = row.iter().any(|cell| !cell.trim().is_empty());
                let read = row.first().is_some_and(|c| c.trim().parse::<standing_assess::catalogue::Ref>().is_ok());
                let place = (at + 2).to_string();
                let named = overlay.unmatched_rows.iter().any(|u| u.place == place);
                prop_assert_eq!(filled && !read, named);
            }
        }
    }
}
