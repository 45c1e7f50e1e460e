//! Which assets are there, under which names, and which were taken out of use.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use jiff::civil::Date;
use rusqlite::Connection;
use standing_patching::clock::after;

use crate::index::IndexError;
use crate::time::AsOf;

/// The assets that sources list or ever listed. An asset that a source knows by the same id under
/// another name was renamed: what was said under the former name is about it.
pub(super) struct Assets {
    /// By the name that counts now, in small letters.
    spans: HashMap<String, Vec<Span>>,
    retired: HashMap<String, Date>,
    /// By former name, in small letters.
    renamed: HashMap<String, Vec<Renamed>>,
    /// The spelling by which each name goes, whoever else writes it in other letters.
    spelled: RefCell<HashMap<String, Rc<str>>>,
}

/// From when to when a source listed an asset under a name.
struct Span {
    source: Rc<str>,
    id: Rc<str>,
    name: Rc<str>,
    from: String,
    to: Option<String>,
    retired: Option<Date>,
}

/// A name that an asset bore and bears no longer.
struct Renamed {
    /// What was said under the former name before this instant is about the asset.
    until: String,
    /// When it was first listed under the other name.
    at: String,
    to: Rc<str>,
}

impl Assets {
    pub(super) fn read(connection: &Connection, at: &str) -> Result<Self, IndexError> {
        let spans = spans(connection, at)?;
        let mut renamed = renames(&spans);
        stated(connection, &mut renamed, at)?;
        for known in renamed.values_mut() {
            known.sort_by(|a, b| a.until.cmp(&b.until));
        }
        let mut assets = Assets {
            renamed,
            spans: HashMap::new(),
            retired: HashMap::new(),
            spelled: RefCell::default(),
        };
        for span in spans {
            let name = assets.name(&span.name, &span.from).to_lowercase();
            if let (Some(day), None) = (span.retired, &span.to) {
                assets.retired.insert(name.clone(), day);
            }
            assets.spans.entry(name).or_default().push(span);
        }
        Ok(assets)
    }

    /// The name that an asset bears now which was called so at an instant.
    pub(super) fn name(&self, name: &Rc<str>, instant: &str) -> Rc<str> {
        let (mut name, mut reached) = (name.clone(), "");
        while let Some(known) = self.renamed.get(&name.to_lowercase()) {
            // Each step goes forward in time, so that a name taken back ends the walk.
            let later = |r: &&Renamed| r.until.as_str() > instant.max(reached) && *r.at > *reached;
            let Some(next) = known.iter().find(later) else {
                break;
            };
            (name, reached) = (next.to.clone(), &next.at);
        }
        let mut spelled = self.spelled.borrow_mut();
        spelled.entry(name.to_lowercase()).or_insert(name).clone()
    }

    /// The name that an asset bears now, by any that it bore.
    pub(super) fn now(&self, name: &str) -> Rc<str> {
        match self.spans.contains_key(&name.to_lowercase()) {
            true => self.name(&name.into(), LAST),
            false => self.name(&name.into(), ""),
        }
    }

    /// Every name that an asset ever bore, by any of them.
    pub(super) fn names(&self, name: &str) -> BTreeSet<Rc<str>> {
        let now = self.now(name);
        let spans = self.spans.get(&now.to_lowercase()).into_iter().flatten();
        let mut names: BTreeSet<Rc<str>> = spans.map(|span| span.name.clone()).collect();
        let leads_here = |former: &&String| *self.name(&former.as_str().into(), "") == *now;
        names.extend(
            self.renamed
                .keys()
                .filter(leads_here)
                .map(|name| name.as_str().into()),
        );
        names.insert(now);
        names
    }

    /// What a source tells of an asset; where it never listed it, what any does.
    fn listed_by(&self, asset: &str, source: &str) -> Vec<&Span> {
        let spans = self.spans.get(&asset.to_lowercase());
        let all: Vec<&Span> = spans.into_iter().flatten().collect();
        let own: Vec<&Span> = all
            .iter()
            .copied()
            .filter(|span| *span.source == *source)
            .collect();
        if own.is_empty() { all } else { own }
    }

    /// Whether an asset that was once listed is no longer, at an instant, as far as a source can tell.
    pub(super) fn vanished(&self, asset: &str, source: &str, instant: &str) -> bool {
        let listed = |span: &&Span| {
            span.from.as_str() <= instant && span.to.as_deref().is_none_or(|to| to > instant)
        };
        let spans = self.listed_by(asset, source);
        !spans.is_empty() && !spans.iter().any(listed)
    }

    /// When an asset that had vanished was listed again.
    pub(super) fn back(&self, asset: &str, source: &str, instant: &str) -> Option<&str> {
        let spans = self.listed_by(asset, source);
        let starts = spans.iter().map(|span| span.from.as_str());
        starts.filter(|from| *from > instant).min()
    }

    /// Whether an asset was listed before an instant; `false` where nobody lists it.
    pub(super) fn listed_before(&self, asset: &str, instant: &str) -> bool {
        let spans = self.spans.get(&asset.to_lowercase()).into_iter().flatten();
        spans.into_iter().any(|span| span.from.as_str() < instant)
    }

    /// The day on which an asset was taken out of use, and what says so.
    pub(super) fn retired(&self, asset: &str) -> Option<(Date, &'static str)> {
        let day = self.retired.get(&asset.to_lowercase())?;
        Some((*day, "the register of assets"))
    }
}

/// Every span, by id and in order.
fn spans(connection: &Connection, at: &str) -> Result<Vec<Span>, IndexError> {
    let mut statement = connection.prepare(
        "select id, name, valid_from, valid_to, retired_on, source from history_asset
         where valid_from <= ?1 order by id, valid_from",
    )?;
    let mut found = statement.query([at])?;
    let mut spans = Vec::new();
    while let Some(row) = found.next()? {
        let to: Option<String> = row.get(3)?;
        let retired: Option<String> = row.get(4)?;
        spans.push(Span {
            source: row.get::<_, String>(5)?.into(),
            id: row.get::<_, String>(0)?.into(),
            name: row.get::<_, String>(1)?.into(),
            from: row.get(2)?,
            to: to.filter(|to| to.as_str() <= at),
            retired: retired.and_then(|day| day.parse().ok()),
        });
    }
    Ok(spans)
}

/// The renames among spans. A source whose ids move from asset to asset, as numbers of lines do, gives a
/// name that another asset has, and that is no rename; nor is a name that somebody lists still.
fn renames(spans: &[Span]) -> HashMap<String, Vec<Renamed>> {
    let mut by_name: HashMap<String, Vec<&Span>> = HashMap::new();
    for span in spans {
        let named = by_name.entry(span.name.to_lowercase()).or_default();
        named.push(span);
    }
    let mut renamed: HashMap<String, Vec<Renamed>> = HashMap::new();
    for (old, new) in spans.iter().zip(spans.iter().skip(1)) {
        let (before, after) = (old.name.to_lowercase(), new.name.to_lowercase());
        if old.id != new.id || before == after {
            continue;
        }
        let others = |span: &&&Span| span.from <= new.from && span.id != new.id;
        if by_name[&after].iter().any(|span| others(&span)) {
            continue;
        }
        let former = by_name[&before].iter().filter(|span| span.from <= new.from);
        let ends: Option<Vec<&String>> = former.map(|span| span.to.as_ref()).collect();
        if let Some(until) = ends.and_then(|ends| ends.into_iter().max()) {
            renamed.entry(before).or_default().push(Renamed {
                until: until.clone(),
                at: new.from.clone(),
                to: new.name.clone(),
            });
        }
    }
    renamed
}

/// Behind every instant of the index.
const LAST: &str = "~";

/// The instant with which a day ends, as the index writes it.
fn end(day: Date) -> String {
    AsOf::at(after(day)).instant
}

/// Adds the renames that somebody stated.
fn stated(
    connection: &Connection,
    renamed: &mut HashMap<String, Vec<Renamed>>,
    at: &str,
) -> Result<(), IndexError> {
    let mut statement = connection.prepare(
        "select former, name, renamed_on from temp.asset_rename order by renamed_on, id",
    )?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let former: String = row.get(0)?;
        let day: String = row.get(2)?;
        let Some(day) = day.parse::<Date>().ok().filter(|day| *day < Date::MAX) else {
            continue;
        };
        let begins = end(day.yesterday().unwrap_or(day));
        if begins.as_str() <= at {
            let known = renamed.entry(former.to_lowercase()).or_default();
            known.push(Renamed {
                until: end(day),
                at: begins,
                to: row.get::<_, String>(1)?.into(),
            });
        }
    }
    Ok(())
}
