//! The user's sheet over our data: nothing of ours goes without trace.

use standing_assess::catalogue::{
    Answer, Asked, Catalogue, Certainty, ChangeKind, DeadlineCertainty, ItemsKnown, Mandatory,
    Overlay, Ref, Scheme,
};

use super::sheet::{WHOLE, tab, v9};

fn reference(text: &str) -> Ref {
    text.parse().unwrap()
}

fn laid() -> Catalogue {
    Catalogue::builtin().with_overlay(&v9(&[tab("All", WHOLE)]).unwrap())
}

#[test]
fn a_version_of_which_nothing_was_known_is_known_afterwards() {
    let catalogue = laid();
    assert_eq!(catalogue.latest_known_edition().id, "v9");
    assert_eq!(
        catalogue.edition("v9").unwrap().items_known,
        ItemsKnown::Imported
    );
    assert_eq!(catalogue.judged_by("v9", "company-3").unwrap().id, "v9");
    // The sheet has no column for GP practices, so version 8 goes on standing in.
    assert_eq!(catalogue.judged_by("v9", "gp-4").unwrap().id, "v8");
    let asked: Vec<_> = catalogue.items_for("v9", "company-3");
    let asked: Vec<_> = asked.iter().map(|(i, _)| i.reference.to_string()).collect();
    assert_eq!(asked, ["1.1.1", "4.2.4", "11.1.1"]);
}

#[test]
fn known_items_keep_their_checks_and_take_the_official_wording_beside_ours() {
    let catalogue = laid();
    let item = catalogue.item(reference("4.2.4")).unwrap();
    let ours = Catalogue::builtin().item(reference("4.2.4")).unwrap();
    assert_eq!((&item.title, &item.checks), (&ours.title, &ours.checks));
    let binding = item.binding("v9", "company-3").unwrap();
    assert_eq!(binding.certainty, Certainty::Imported);
    assert_eq!(binding.source, "sheet-26-27.xlsx");
    assert_eq!(binding.mandatory, Mandatory::No);
    let official = binding.official.as_ref().unwrap();
    assert_eq!(official.evidence_text.as_deref(), Some("Take access away."));
}

#[test]
fn unknown_items_become_items_without_checks() {
    let catalogue = laid();
    let item = catalogue.item(reference("11.1.1")).unwrap();
    assert_eq!(item.title, "Something wholly new.");
    assert_eq!(item.answer, Answer::Text);
    assert!(item.checks.is_empty() && item.statement_needed && item.imported);
    assert!(catalogue.items.is_sorted_by_key(|i| i.reference));
    // Mandatory was not readable: asked, and not known whether it must be answered.
    let binding = item.binding("v9", "company-3").unwrap();
    assert_eq!(
        (binding.mandatory, binding.asked()),
        (Mandatory::Unknown, Asked::Yes)
    );
}

#[test]
fn our_own_marks_stay_beside_the_imported_ones() {
    let mut overlay = v9(&[tab("All", WHOLE)]).unwrap();
    overlay.edition = "v8".to_owned();
    let catalogue = Catalogue::builtin().with_overlay(&overlay);
    for item in &Catalogue::builtin().items {
        let was = item.binding("v8", "company-3").unwrap();
        let now = catalogue.item(item.reference).unwrap();
        let now = now.binding("v8", "company-3").unwrap();
        assert_eq!(now.certainty, Certainty::Imported);
        assert_eq!(now.former.as_deref(), Some(was), "{}", item.reference);
        // Other profiles and editions are as they were.
        let item_now = catalogue.item(item.reference).unwrap();
        assert_eq!(item_now.binding("v8", "gp-4"), item.binding("v8", "gp-4"));
        assert_eq!(
            item_now.binding("v7", "company-3"),
            item.binding("v7", "company-3")
        );
    }
    let gone = catalogue.item(reference("1.1.5")).unwrap();
    let gone = gone.binding("v8", "company-3").unwrap();
    assert_eq!(gone.mandatory, Mandatory::NotAsked);
    assert_eq!(gone.source, "not in sheet-26-27.xlsx");
}

#[test]
fn an_item_that_may_hide_in_an_unread_row_is_unknown_and_not_gone() {
    let sheet = format!(
        "{}\n | | Lost its number. | | | | | | | | | |",
        WHOLE.trim_end()
    );
    let mut overlay = v9(&[tab("All", &sheet)]).unwrap();
    overlay.edition = "v8".to_owned();
    let catalogue = Catalogue::builtin().with_overlay(&overlay);
    let item = catalogue.item(reference("1.1.5")).unwrap();
    let binding = item.binding("v8", "company-3").unwrap();
    assert_eq!(
        (binding.mandatory, binding.asked()),
        (Mandatory::Unknown, Asked::Unknown)
    );
    assert!(binding.source.contains("some rows were not understood"));
}

#[test]
fn an_edition_nobody_heard_of_becomes_one() {
    let mut overlay = v9(&[tab("All", WHOLE)]).unwrap();
    overlay.edition = "v11".to_owned();
    let catalogue = Catalogue::builtin().with_overlay(&overlay);
    let edition = catalogue.edition("v11").unwrap();
    assert_eq!(edition.year, "2028-29");
    assert_eq!(edition.deadline.unwrap().to_string(), "2029-06-30");
    assert_eq!(edition.deadline_certainty, DeadlineCertainty::Assumed);
    overlay.edition = "trial".to_owned();
    let catalogue = Catalogue::builtin().with_overlay(&overlay);
    let edition = catalogue.edition("trial").unwrap();
    assert_eq!(
        (edition.deadline, edition.deadline_certainty),
        (None, DeadlineCertainty::Unknown)
    );
    assert_eq!(catalogue.latest_known_edition().id, "trial");
}

#[test]
fn exemptions_come_from_the_sheet_where_it_has_columns_for_them() {
    let catalogue = laid();
    let waived = catalogue.exempt("v9", "company-3", Scheme::Iso27001);
    assert_eq!(waived, [reference("4.2.4")]);
    assert!(catalogue.exemptions_seen("v9", "company-3"));
    assert!(
        catalogue
            .exempt("v9", "company-3", Scheme::PsnIa)
            .is_empty()
    );
    // 1.1.2 is waived in the sheet and not asked of companies at all.
    assert!(
        catalogue
            .exempt("v9", "company-3", Scheme::CyberEssentialsPlus)
            .is_empty()
    );
}

#[test]
fn the_new_year_differs_by_what_the_sheet_says() {
    let catalogue = laid();
    let changes = catalogue.diff("v8", "v9", "company-3");
    let kinds = |item: &str| -> Vec<ChangeKind> {
        changes
            .iter()
            .filter(|c| c.item == reference(item))
            .map(|c| c.kind)
            .collect()
    };
    assert_eq!(kinds("1.1.1"), []);
    assert_eq!(kinds("1.1.2"), [ChangeKind::Removed]);
    assert_eq!(kinds("4.2.4"), [ChangeKind::NoLongerMandatory]);
    assert_eq!(kinds("1.1.5"), [ChangeKind::Removed]);
    // Nothing of ours speaks of 11.1.1 in version 8.
    assert_eq!(kinds("11.1.1"), [ChangeKind::Unknown]);
}

#[test]
fn an_overlay_is_kept_as_json_and_refuses_fields_it_does_not_know() {
    let overlay = v9(&[tab("All", WHOLE)]).unwrap();
    let json = serde_json::to_string(&overlay).unwrap();
    assert_eq!(serde_json::from_str::<Overlay>(&json).unwrap(), overlay);
    let odd = json.replacen("\"edition\"", "\"colour\":1,\"edition\"", 1);
    let error = serde_json::from_str::<Overlay>(&odd)
        .unwrap_err()
        .to_string();
    assert!(error.contains("unknown field `colour`"), "{error}");
}
