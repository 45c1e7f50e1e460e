//! The demonstration's review, by the same functions that everybody uses.

use std::collections::BTreeMap;

use standing_assess::Index;

use super::decide::needs_comment;
use super::rows::{MOST, Row, Wanted, rows};
use super::{Answers, Decision, Item, Opened, Opening, Suggestion, decide, open};
use crate::failure::Failure;
use crate::home::{By, Home};

/// Opens a review of every system and decides it as the firm's people would: where something speaks
/// against a row, a careful firm has looked and says why it stays; one with planted faults removes what
/// is to go, which stays unproven, and leaves the rest open.
///
/// # Errors
/// When the vault refuses.
pub fn demonstrate(home: &Home, index: &Index, careful: bool) -> Result<Opened, Failure> {
    let despite = "the demonstration shows what a source that is not fully read does to a review";
    let opening = Opening {
        despite_gaps: Some(despite.into()),
        ..Opening::default()
    };
    let opened = open(home, index, By::KEYBOARD, &opening)?;
    let mut answers: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = rows(index, &opened.id, &Wanted::default(), after, MOST)?;
        for row in page.rows.iter().filter(|row| !row.reviewer.is_empty()) {
            let item = answer(row, careful);
            answers
                .entry(row.reviewer.clone())
                .or_default()
                .extend(item);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for (reviewer, items) in answers {
        for some in items.chunks(MOST) {
            let answers = Answers {
                campaign: &opened.id,
                reviewer: &reviewer,
                items: some.to_vec(),
                ..Answers::default()
            };
            decide(home, index, By::KEYBOARD, &answers)?;
        }
    }
    Ok(opened)
}

fn answer(row: &Row, careful: bool) -> Option<Item> {
    let decision = match row.line.suggestion {
        Suggestion::Remove if !careful => Decision::Remove,
        Suggestion::Look if !careful => return None,
        _ => Decision::Keep,
    };
    let comment = match needs_comment(row, decision) {
        Some(_) => "asked and seen: needed for the work",
        None => "",
    };
    Some(Item {
        row: row.line.n,
        decision,
        rights: Vec::new(),
        comment: comment.into(),
    })
}
