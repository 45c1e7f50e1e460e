//! A clock before it is judged, and what goes on under another name.
//!
//! A package that went from an asset in the reading in which another came to it, both with the same
//! vulnerability, was renamed or replaced, and nothing was mended: the clock goes on. So it does through an
//! upgrade to another release of a distribution, whose packages are of another ecosystem.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::civil::Date;
use standing_patching::clock::{Case, Event, Remedy, Saw};
use standing_patching::{Grade, Severity, Why};

use super::concern::Concern;
use super::seen::{Looks, Turn, is_sight};
use crate::time::day_of;

/// What was gathered for one clock.
pub(super) struct Draft {
    pub(super) asset: Rc<str>,
    pub(super) ecosystem: String,
    pub(super) component: String,
    pub(super) vulnerability: String,
    pub(super) version: String,
    pub(super) concern: Concern,
    pub(super) case: Case,
    /// Packages that it was in before, each under its name then.
    pub(super) former: Vec<String>,
    /// What makes its update grave where it is not so by itself.
    pub(super) bundled: Option<Heavier>,
    pub(super) came: Option<Turn>,
    pub(super) went: Option<Turn>,
}

/// A vulnerability that counts as grave.
#[derive(Clone)]
pub(super) struct Heavier {
    pub(super) vulnerability: String,
    pub(super) severity: Severity,
    why: Why,
    /// From when that was known.
    pub(super) known: Date,
}

impl Draft {
    /// Whether it may go on from another, or in another.
    pub(super) fn may_turn(&self) -> bool {
        self.came.is_some() || self.went.is_some()
    }

    /// Takes over what was seen and said of the vulnerability in the package that was there before.
    fn continues(&mut self, before: &Draft, went_on: Option<Date>) {
        let seen_again = |event: &Event| {
            let same = |other: &Event| other.on == event.on && other.source == event.source;
            let mut now = self.case.events.iter();
            Some(event.on) == went_on || now.any(|other| same(other) && is_sight(other))
        };
        let was = before.case.events.iter();
        let mut events: Vec<Event> = was
            .filter(|event| event.saw != Saw::Absent || !seen_again(event))
            .cloned()
            .collect();
        events.append(&mut self.case.events);
        self.case.events = events;
        if self.case.remedy == Remedy::Package {
            self.case.remedy = before.case.remedy;
        }
        let mut concern = before.concern.clone();
        concern.add(&self.concern);
        // Which fix is meant, what is installed now says.
        concern.fixed = self.concern.fixed.take();
        concern.certain = self.concern.certain;
        self.concern = concern;
        for candidate in &before.case.candidates {
            if !self.case.candidates.contains(candidate) {
                self.case.candidates.push(candidate.clone());
            }
        }
        for name in before.former.iter().chain([&before.component]) {
            if *name != self.component && !self.former.contains(name) {
                self.former.push(name.clone());
            }
        }
    }
}

/// Weighs updates whole: what the same fixed version mends beside something grave is grave with it.
pub(super) fn bundle(drafts: &mut [Draft]) {
    let grave = |draft: &Draft| match draft.concern.grade() {
        Grade::High(why) => Some(why),
        Grade::NotHigh | Grade::NotKnown => None,
    };
    let mut heaviest: HashMap<String, Heavier> = HashMap::new();
    for draft in drafts.iter() {
        let (Some(fixed), Some(why)) = (&draft.concern.fixed, grave(draft)) else {
            continue;
        };
        let heavier = Heavier {
            vulnerability: draft.vulnerability.clone(),
            severity: draft.concern.severity(),
            why,
            known: draft.concern.known_from(&draft.case),
        };
        match heaviest.get(fixed) {
            Some(other) if other.order() <= heavier.order() => {}
            _ => drop(heaviest.insert(fixed.clone(), heavier)),
        }
    }
    for draft in drafts.iter_mut().filter(|draft| grave(draft).is_none()) {
        let fixed = draft.concern.fixed.as_ref();
        draft.bundled = fixed.and_then(|fixed| heaviest.get(fixed)).cloned();
    }
}

impl Heavier {
    /// What counts under every policy goes before what some may leave out; then what was known first.
    fn order(&self) -> (bool, Date) {
        (
            matches!(self.why, Why::Score4 | Why::Said | Why::Missing),
            self.known,
        )
    }
}

/// Joins each draft that came with those that went in the same reading; those that went on are dropped.
/// A package that a partial reading saw come is joined with what the complete one after it misses.
pub(super) fn joined(mut drafts: Vec<Draft>, looks: &Looks) -> Vec<Draft> {
    drafts.sort_by(|a, b| began(a).cmp(&began(b)));
    let mut gone: HashMap<(Rc<str>, Rc<str>, String), Vec<usize>> = HashMap::new();
    for (i, draft) in drafts.iter().enumerate() {
        if let Some(went) = &draft.went {
            let key = (
                draft.asset.clone(),
                went.source.clone(),
                draft.vulnerability.clone(),
            );
            gone.entry(key).or_default().push(i);
        }
    }
    let mut went_on = vec![false; drafts.len()];
    for i in 0..drafts.len() {
        let Some(came) = drafts[i].came.clone() else {
            continue;
        };
        let key = (
            drafts[i].asset.clone(),
            came.source.clone(),
            drafts[i].vulnerability.clone(),
        );
        for &before in gone.get(&key).into_iter().flatten() {
            let Some(went) = drafts[before].went.clone() else {
                continue;
            };
            let since = looks.last_complete(&went.source, &went.instant);
            let in_time = came.instant <= went.instant && since.is_none_or(|s| *s < *came.instant);
            // What began later cannot have been there before.
            if before != i && in_time && began(&drafts[before]) < Some(&came.instant) {
                went_on[before] = true;
                let (earlier, later) = drafts.split_at_mut(i);
                later[0].continues(&earlier[before], day_of(&went.instant));
            }
        }
    }
    let kept = drafts.into_iter().zip(went_on);
    kept.filter_map(|(draft, went_on)| (!went_on).then_some(draft))
        .collect()
}

/// When it came; `None` goes before all.
fn began(draft: &Draft) -> Option<&String> {
    draft.came.as_ref().map(|turn| &turn.instant)
}
