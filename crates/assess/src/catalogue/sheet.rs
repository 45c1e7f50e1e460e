//! Reads the cells of the official spreadsheet into an [`Overlay`]. Pure: the caller opens the file.
//!
//! Headings are matched by meaning and wherever they stand. Whatever is not understood is named in
//! the overlay, and where two columns could mean the same for one profile, nothing is guessed.

use std::collections::BTreeMap;

use super::{Catalogue, Overlay, OverlayRow, Profile, Ref, Scheme, Unmatched, Why};
use heading::{Heading, Meaning};

mod heading;

/// One tab of a workbook, all cells as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The name on the tab.
    pub name: String,
    /// Rows of cells; rows may differ in length.
    pub rows: Vec<Vec<String>>,
}

/// Why a workbook was refused. Places are given as the spreadsheet shows them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// No tab has a row of headings that we understand.
    #[error("no tab has a row with an evidence-text heading; looked in {}", .tabs.join(", "))]
    NoHeadings {
        /// The tabs that were looked at.
        tabs: Vec<String>,
    },
    /// Evidence texts without a column of item numbers.
    #[error("tab {tab:?} has evidence texts and no column of item numbers such as 7.2.1")]
    NoReferences {
        /// The tab.
        tab: String,
    },
    /// No evidence-text column is for a profile of ours.
    #[error("no evidence-text column is for {}", .profiles.join(", "))]
    NoProfile {
        /// The profiles that were looked for.
        profiles: Vec<String>,
    },
    /// Two columns mean the same for one profile.
    #[error("tab {tab:?}: columns {first} and {second} both give {meaning} for {profile}")]
    TwoColumns {
        /// The tab.
        tab: String,
        /// Letter and heading.
        first: String,
        /// Letter and heading.
        second: String,
        /// What both seem to hold.
        meaning: &'static str,
        /// The profile.
        profile: String,
    },
    /// Two columns hold item numbers.
    #[error("tab {tab:?}: columns {first} and {second} both look like item numbers")]
    TwoReferences {
        /// The tab.
        tab: String,
        /// Letter and heading.
        first: String,
        /// Letter and heading.
        second: String,
    },
    /// Two tabs serve one profile.
    #[error("tabs {first:?} and {second:?} both have evidence texts for {profile}; name one")]
    TwoTabs {
        /// A tab.
        first: String,
        /// Another tab.
        second: String,
        /// The profile.
        profile: String,
    },
    /// One item stands in two rows.
    #[error("tab {tab:?}: rows {first} and {second} are both item {item}")]
    ItemTwice {
        /// The tab.
        tab: String,
        /// The item.
        item: Ref,
        /// Row number from one.
        first: usize,
        /// Row number from one.
        second: usize,
    },
}

/// Reads the sheet of `edition` for every profile that it has a column for.
///
/// `title` is what to call the sheet afterwards. Counts are compared by
/// [`Catalogue::count_differences`].
///
/// # Errors
/// When the sheet has no table we understand, or could be understood in two ways.
pub fn read(
    catalogue: &Catalogue,
    edition: &str,
    title: &str,
    sheets: &[Sheet],
) -> Result<Overlay, SheetError> {
    let mut overlay = Overlay {
        edition: edition.to_owned(),
        title: title.to_owned(),
        rows: vec![],
        schemes: vec![],
        unmatched_columns: vec![],
        unmatched_rows: vec![],
    };
    let mut served: BTreeMap<&str, &str> = BTreeMap::new();
    let mut tables = 0;
    for sheet in sheets {
        let Some(table) = Table::find(sheet, catalogue)? else {
            let why = Why::NoHeadings;
            overlay
                .unmatched_columns
                .push(unmatched(sheet, String::new(), "", why));
            continue;
        };
        tables += 1;
        for profile in &catalogue.profiles {
            let Some(view) = table.view(profile)? else {
                continue;
            };
            if let Some(first) = served.insert(&profile.id, &sheet.name) {
                return Err(SheetError::TwoTabs {
                    first: first.to_owned(),
                    second: sheet.name.clone(),
                    profile: profile.id.clone(),
                });
            }
            table.rows(profile, &view, &mut overlay)?;
        }
        table.left_over(catalogue, &mut overlay)?;
    }
    if tables == 0 {
        let tabs = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        return Err(SheetError::NoHeadings { tabs });
    }
    if served.is_empty() {
        let profiles = catalogue.profiles.iter().map(|p| p.id.clone()).collect();
        return Err(SheetError::NoProfile { profiles });
    }
    overlay
        .rows
        .sort_by(|a, b| (a.reference, &a.profile).cmp(&(b.reference, &b.profile)));
    overlay.schemes.sort_unstable();
    overlay.schemes.dedup();
    overlay.unmatched_rows = once(overlay.unmatched_rows);
    Ok(overlay)
}

/// The same cell may be met once for each profile.
fn once(all: Vec<Unmatched>) -> Vec<Unmatched> {
    let mut kept: Vec<Unmatched> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn unmatched(sheet: &Sheet, place: String, content: &str, why: Why) -> Unmatched {
    Unmatched {
        sheet: sheet.name.clone(),
        place,
        content: content.trim().to_owned(),
        why,
    }
}

/// `A`, `Z`, `AA` …
fn letters(column: usize) -> String {
    let last = char::from(b'A' + u8::try_from(column % 26).unwrap_or(0));
    match column / 26 {
        0 => last.to_string(),
        rest => format!("{}{last}", letters(rest - 1)),
    }
}

/// A tab whose row of headings was found.
struct Table<'a> {
    sheet: &'a Sheet,
    /// Index of the row of headings.
    top: usize,
    /// By column; none where the heading means nothing to us.
    headings: Vec<Option<Heading>>,
    reference: usize,
    /// What the name on the tab says of category and type.
    tab_categories: Vec<u8>,
    tab_kind: Option<String>,
}

/// The columns that speak of one profile.
struct View {
    evidence: usize,
    tooltip: Option<usize>,
    mandatory: Option<usize>,
    approaching: Option<usize>,
    change: Option<usize>,
    exemptions: Option<usize>,
    schemes: Vec<(Scheme, usize)>,
}

impl View {
    fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        [
            self.tooltip,
            self.mandatory,
            self.approaching,
            self.change,
            self.exemptions,
        ]
        .into_iter()
        .flatten()
        .chain([self.evidence])
        .chain(self.schemes.iter().map(|(_, column)| *column))
    }
}

impl<'a> Table<'a> {
    fn find(sheet: &'a Sheet, catalogue: &Catalogue) -> Result<Option<Self>, SheetError> {
        let read = |row: &Vec<String>| -> Vec<Option<Heading>> {
            row.iter().map(|cell| heading::read(cell)).collect()
        };
        let is_top = |headings: &Vec<Option<Heading>>| {
            let understood = headings.iter().flatten();
            understood.clone().any(|h| h.meaning == Meaning::Evidence) && understood.count() > 1
        };
        let found = sheet
            .rows
            .iter()
            .map(read)
            .enumerate()
            .find(|(_, h)| is_top(h));
        let Some((top, headings)) = found else {
            return Ok(None);
        };
        let (rest, tab_categories) = heading::categories(&heading::plain(&sheet.name));
        let types = catalogue.profiles.iter().flat_map(|p| &p.sheet_types);
        let tab_kind = types
            .map(|kind| heading::plain(kind))
            .filter(|kind| format!(" {rest} ").contains(&format!(" {kind} ")))
            .max_by_key(String::len);
        let mut table = Table {
            sheet,
            top,
            headings,
            reference: 0,
            tab_categories,
            tab_kind,
        };
        table.reference = table.find_reference()?;
        Ok(Some(table))
    }

    /// The column headed as item number; failing that, the one that holds item numbers.
    fn find_reference(&self) -> Result<usize, SheetError> {
        let headed = |c: &usize| {
            self.heading(*c)
                .is_some_and(|h| h.meaning == Meaning::Reference)
        };
        let holds = |c: &usize| {
            let cells = || {
                self.body()
                    .map(|(at, _)| self.cell(at, *c))
                    .filter(|t| !t.is_empty())
            };
            let numbers = cells().filter(|text| text.parse::<Ref>().is_ok()).count();
            self.heading(*c)
                .is_none_or(|h| h.meaning == Meaning::Assertion)
                && numbers * 2 > cells().count()
        };
        let mut found: Vec<usize> = (0..self.width()).filter(headed).collect();
        if found.is_empty() {
            found = (0..self.width()).filter(holds).collect();
        }
        match found[..] {
            [one] => Ok(one),
            [] => Err(SheetError::NoReferences {
                tab: self.sheet.name.clone(),
            }),
            [first, second, ..] => Err(SheetError::TwoReferences {
                tab: self.sheet.name.clone(),
                first: self.name(first),
                second: self.name(second),
            }),
        }
    }

    fn heading(&self, column: usize) -> Option<&Heading> {
        self.headings.get(column)?.as_ref()
    }

    fn width(&self) -> usize {
        self.sheet.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn cell(&self, row: usize, column: usize) -> &'a str {
        let cell = self.sheet.rows.get(row).and_then(|row| row.get(column));
        cell.map_or("", |text| text.trim())
    }

    fn body(&self) -> impl Iterator<Item = (usize, &'a Vec<String>)> + '_ {
        self.sheet.rows.iter().enumerate().skip(self.top + 1)
    }

    /// Letter and heading of a column.
    fn name(&self, column: usize) -> String {
        format!("{} {:?}", letters(column), self.cell(self.top, column))
    }

    /// How closely a column speaks of a profile; none if it speaks of others.
    fn closeness(&self, column: usize, profile: &Profile) -> Option<u8> {
        let heading = self.heading(column)?;
        let of_profile = |kind: &str| {
            profile
                .sheet_types
                .iter()
                .any(|t| heading::plain(t) == kind)
        };
        let kind = match (heading.kind.as_str(), &self.tab_kind) {
            ("", None) => 0,
            ("", Some(kind)) => of_profile(kind).then_some(2)?,
            (kind, _) => of_profile(kind).then_some(4)?,
        };
        let category = match (&heading.categories[..], &self.tab_categories[..]) {
            ([], []) => 0,
            ([], of_tab) => of_tab.contains(&profile.category).then_some(0)?,
            (own, _) => own.contains(&profile.category).then_some(1)?,
        };
        let names_nobody =
            kind == 0 && heading.categories.is_empty() && self.tab_categories.len() != 1;
        let must_name = matches!(heading.meaning, Meaning::Evidence | Meaning::Tooltip);
        (!(must_name && names_nobody)).then_some(kind + category)
    }

    /// The column that gives this for this profile.
    fn column(&self, meaning: Meaning, profile: &Profile) -> Result<Option<usize>, SheetError> {
        let mut best: Option<(u8, usize)> = None;
        let mut rival = None;
        for column in 0..self.headings.len() {
            if self.heading(column).is_none_or(|h| h.meaning != meaning) {
                continue;
            }
            let Some(close) = self.closeness(column, profile) else {
                continue;
            };
            match best {
                Some((closest, _)) if close < closest => {}
                Some((closest, other)) if close == closest => rival = Some((other, column)),
                _ => (best, rival) = (Some((close, column)), None),
            }
        }
        match rival {
            Some((first, second)) => Err(SheetError::TwoColumns {
                tab: self.sheet.name.clone(),
                first: self.name(first),
                second: self.name(second),
                meaning: meaning.as_str(),
                profile: profile.id.clone(),
            }),
            None => Ok(best.map(|(_, column)| column)),
        }
    }

    fn view(&self, profile: &Profile) -> Result<Option<View>, SheetError> {
        let Some(evidence) = self.column(Meaning::Evidence, profile)? else {
            return Ok(None);
        };
        let mut schemes = Vec::new();
        for scheme in Scheme::ALL {
            if let Some(column) = self.column(Meaning::Exempt(*scheme), profile)? {
                schemes.push((*scheme, column));
            }
        }
        Ok(Some(View {
            evidence,
            tooltip: self.column(Meaning::Tooltip, profile)?,
            mandatory: self.column(Meaning::Mandatory, profile)?,
            approaching: self.column(Meaning::Approaching, profile)?,
            change: self.column(Meaning::Change, profile)?,
            exemptions: self.column(Meaning::Exemptions, profile)?,
            schemes,
        }))
    }

    /// Adds a row for each item of the tab.
    fn rows(&self, profile: &Profile, view: &View, to: &mut Overlay) -> Result<(), SheetError> {
        let duty = self.flags(view.mandatory, to);
        let approaching = self.flags(view.approaching, to);
        let schemes: Vec<_> = view
            .schemes
            .iter()
            .map(|(scheme, column)| (*scheme, self.flags(Some(*column), to)))
            .collect();
        to.schemes
            .extend(view.schemes.iter().map(|(scheme, _)| *scheme));
        if view.exemptions.is_some() {
            // A column in words may name any of them.
            to.schemes.extend_from_slice(Scheme::ALL);
        }
        let some = |row: usize, column: Option<usize>| {
            let text = self.cell(row, column?);
            (!text.is_empty()).then(|| text.to_owned())
        };
        for (item, row) in self.items()? {
            let mut exemptions = self.named_schemes(row, view.exemptions, to);
            exemptions.extend(
                schemes
                    .iter()
                    .filter(|(_, flags)| flags.get(&row) == Some(&true))
                    .map(|(scheme, _)| *scheme),
            );
            exemptions.sort_unstable();
            exemptions.dedup();
            to.rows.push(OverlayRow {
                reference: item,
                profile: profile.id.clone(),
                evidence_text: some(row, Some(view.evidence)),
                tooltip: some(row, view.tooltip),
                mandatory: duty.get(&row).copied(),
                approaching: approaching.get(&row).copied(),
                exemptions,
                change: some(row, view.change),
            });
        }
        Ok(())
    }

    /// The items of the tab and their rows.
    fn items(&self) -> Result<BTreeMap<Ref, usize>, SheetError> {
        let mut items = BTreeMap::new();
        for (row, _) in self.body() {
            let Ok(item) = self.cell(row, self.reference).parse::<Ref>() else {
                continue;
            };
            if let Some(first) = items.insert(item, row) {
                return Err(SheetError::ItemTwice {
                    tab: self.sheet.name.clone(),
                    item,
                    first: first + 1,
                    second: row + 1,
                });
            }
        }
        Ok(items)
    }

    /// Yes or no by row. A blank is a no in a column that never says no; in one that does, it is
    /// left open.
    fn flags(&self, column: Option<usize>, to: &mut Overlay) -> BTreeMap<usize, bool> {
        let Some(column) = column else {
            return BTreeMap::new();
        };
        let item_rows = self
            .body()
            .filter(|(row, _)| self.cell(*row, self.reference).parse::<Ref>().is_ok());
        let (mut flags, mut blanks, mut says_no) = (BTreeMap::new(), vec![], false);
        for (row, _) in item_rows {
            match heading::plain(self.cell(row, column)).as_str() {
                "" if self.cell(row, column).is_empty() => blanks.push(row),
                "y" | "yes" | "true" | "x" | "1" | "mandatory" | "required" | "exempt" => {
                    flags.insert(row, true);
                }
                "n" | "no" | "false" | "0" | "optional" | "not mandatory" | "not required"
                | "non mandatory" => {
                    flags.insert(row, false);
                    says_no = true;
                }
                "" if matches!(self.cell(row, column), "✓" | "✔" | "☑") => {
                    flags.insert(row, true);
                }
                _ => {
                    let place = format!("{}{}", letters(column), row + 1);
                    let cell = self.cell(row, column);
                    to.unmatched_rows.push(unmatched(
                        self.sheet,
                        place,
                        cell,
                        Why::NeitherYesNorNo,
                    ));
                }
            }
        }
        if !says_no {
            flags.extend(blanks.into_iter().map(|row| (row, false)));
        }
        flags
    }

    /// The certificates that a cell names in words.
    fn named_schemes(&self, row: usize, column: Option<usize>, to: &mut Overlay) -> Vec<Scheme> {
        let Some(column) = column else {
            return vec![];
        };
        let cell = self.cell(row, column);
        let mut schemes = Vec::new();
        for name in cell.split([',', ';', '/', '&', '\n']) {
            match heading::plain(name).as_str() {
                "" | "none" | "no" | "n a" => {}
                plain => match heading::scheme(plain) {
                    Some(scheme) => schemes.push(scheme),
                    None => {
                        let place = format!("{}{}", letters(column), row + 1);
                        let why = Why::NoCertificate;
                        to.unmatched_rows
                            .push(unmatched(self.sheet, place, name, why));
                    }
                },
            }
        }
        schemes
    }

    /// Names every column and row that nothing was taken from.
    fn left_over(&self, catalogue: &Catalogue, to: &mut Overlay) -> Result<(), SheetError> {
        let mut used = vec![self.reference];
        let mut evidence = vec![];
        for profile in &catalogue.profiles {
            if let Some(view) = self.view(profile)? {
                used.extend(view.columns());
                evidence.push(view.evidence);
            }
        }
        for column in 0..self.width() {
            let heading = self.cell(self.top, column);
            let why = match self.heading(column).map(|h| h.meaning) {
                _ if used.contains(&column) => continue,
                Some(Meaning::Assertion) => continue,
                Some(_) => Why::NoProfile,
                None if !heading.is_empty() => Why::HeadingNotUnderstood,
                None if self
                    .body()
                    .all(|(row, _)| self.cell(row, column).is_empty()) =>
                {
                    continue;
                }
                None => Why::NoHeading,
            };
            to.unmatched_columns
                .push(unmatched(self.sheet, letters(column), heading, why));
        }
        for (row, cells) in self.sheet.rows.iter().enumerate() {
            let reference = self.cell(row, self.reference);
            let asks = evidence
                .iter()
                .any(|column| !self.cell(row, *column).is_empty());
            let why = match reference.parse::<Ref>() {
                _ if row == self.top || cells.iter().all(|c| c.trim().is_empty()) => continue,
                _ if row < self.top => Why::AboveHeadings,
                Ok(_) => continue,
                Err(_) if !asks => Why::AsksNothing,
                Err(_) if reference.is_empty() => Why::NoItemNumber,
                Err(_) => Why::NotAnItemNumber,
            };
            let filled: Vec<_> = cells
                .iter()
                .map(|c| c.trim())
                .filter(|c| !c.is_empty())
                .collect();
            let place = (row + 1).to_string();
            to.unmatched_rows
                .push(unmatched(self.sheet, place, &filled.join(" | "), why));
        }
        Ok(())
    }
}
