//! Opening a campaign: the gate first, then the freezing, then one entry.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use standing_assess::catalogue::Catalogue;
use standing_assess::index::{ReviewWanted, ReviewedBefore};
use standing_assess::population::Population as Counted;
use standing_assess::{AsOf, Estate, Freshness, Index};

use super::freeze::{Before, Earlier, Frozen, freeze};
use super::reviewers::InLine;
use super::{Campaign, Details, Line, Reviewer, Right, Source};
use crate::failure::{Failure, Sort};
use crate::home::{By, Home, hold};
use crate::project;
use crate::serve::members::Members;
use crate::text::{count, day};

/// The tables that a population is made of.
const TABLES: [&str; 3] = ["person", "account", "grant"];

/// What is asked of opening a campaign.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// The systems; every one where none is named.
    pub systems: Vec<String>,
    /// A title; made from the day where it is empty.
    pub title: String,
    /// The last day for deciding; as the file says where it is not given.
    pub due_on: Option<Date>,
    /// Why it is to be opened though a source cannot be relied upon.
    pub despite_gaps: Option<String>,
    /// Who leads it, by e-mail or name; as the file says where it is not given.
    pub lead: Option<String>,
    /// Whether the schedule opens it, and nobody by hand.
    pub by_schedule: bool,
}

/// A campaign that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its name.
    pub id: String,
    /// Its entry.
    pub entry: u64,
    /// What was kept of it.
    pub details: Details,
    /// Rows for which nobody could be found who may decide.
    pub unassigned: u64,
}

/// Opens a campaign on the systems as they stand now.
///
/// # Errors
/// When a source cannot be relied upon and no reason was given for going on, when there is nothing to
/// review, or a word leads to nobody.
pub fn open(home: &Home, index: &Index, by: By<'_>, asked: &Opening) -> Result<Opened, Failure> {
    let Some(_turn) = hold(&home.folder, "review-open")? else {
        return Err(Failure::new(
            Sort::Configuration,
            "another campaign is being opened at this moment",
        ));
    };
    let as_of = AsOf::at(Timestamp::now());
    let settings = &home.config.review;
    // Between finding it due and having the turn, another process may have opened it.
    if asked.by_schedule {
        project::catch_up(&home.vault, index)?;
        if super::due(home, index, as_of.date)?.is_none() {
            return Err(Failure::new(
                Sort::Configuration,
                "no campaign is due any more",
            ));
        }
    }
    let due_on = asked
        .due_on
        .unwrap_or_else(|| as_of.date.saturating_add(settings.due_in_days.days()));
    if due_on < as_of.date {
        return Err(Failure::usage(format!("--due {due_on} is past already")).at("due_on"));
    }
    // A connection of its own: the views of an estate belong to the connection.
    let mut own = home.index()?;
    own.suppose_configured(&crate::collect::configured(home))?;
    let support = &Catalogue::builtin().support;
    let estate = Estate::new(&mut own, as_of.clone(), Freshness::Measured, support)?;
    let systems = match asked.systems.is_empty() {
        true => &settings.systems,
        false => &asked.systems,
    };
    let wanted: BTreeSet<String> = systems.iter().map(|s| s.trim().to_lowercase()).collect();
    let (sources, gaps) = gate(&estate, &wanted)?;
    let noted = asked
        .despite_gaps
        .as_deref()
        .map(str::trim)
        .unwrap_or_default();
    if !gaps.is_empty() && noted.is_empty() {
        let mut failure = Failure::new(
            Sort::Source,
            format!("cannot freeze who can get in: {}", gaps.join("; ")),
        );
        failure.hint = Some(
            "read the sources first (`standing collect`), or say why it is opened all the same \
             (--despite-gaps NOTE): every output of the campaign will say so"
                .into(),
        );
        return Err(failure.at("despite_gaps"));
    }
    let population = estate.population()?;
    let counted = Counted::of(&estate).map_err(Failure::integrity)?;
    let members = Members::read(index)?;
    let lead = lead(&population, &members, home, asked, due_on)?;
    let mut in_line = InLine::new(&population, &members, lead.clone(), due_on);
    let earlier = EarlierReviews::read(index)?;
    let scopes: HashMap<String, String> = estate
        .frozen(&["account"])
        .into_iter()
        .map(|f| (f.source, f.scope))
        .collect();
    let frozen = freeze(
        &population,
        &wanted,
        &Earlier {
            rows: &earlier.rows,
            systems: &earlier.systems,
            rights: &|before| earlier.rights(index, before),
        },
        &scopes,
        &mut in_line,
        as_of.date,
    );
    found(&frozen, systems)?;
    let before = frozen
        .systems
        .iter()
        .filter_map(|s| earlier.of.get(&s.to_lowercase()));
    let before: BTreeSet<String> = before.cloned().collect();
    let details = Details {
        title: match asked.title.trim() {
            "" => format!("Access review of {}", day(as_of.date)),
            title => title.to_owned(),
        },
        opened: match asked.by_schedule {
            true => "by schedule".into(),
            false => "by hand".into(),
        },
        due_on,
        escalate_after_days: settings.escalate_after_days,
        remove_in_days: settings.remove_in_days,
        lead,
        sources,
        despite_gaps: (!gaps.is_empty()).then(|| noted.to_owned()),
        gaps,
        notices: notices(&estate, &frozen),
        before: before.into_iter().collect(),
        reviewers: in_line.everybody(&frozen.lines),
        rows: frozen.lines.len() as u64,
        accounts: frozen.accounts,
        disabled: frozen.disabled,
        people: counted.denominator(),
        people_doubt: counted.doubt(),
        systems: frozen.systems.clone(),
        all: wanted.is_empty(),
        sha256: String::new(),
    };
    drop(estate);
    keep(home, index, by, as_of.date, details, &frozen)
}

/// The runs that the rows come from, and why one of them may not be relied upon.
fn gate(
    estate: &Estate<'_>,
    wanted: &BTreeSet<String>,
) -> Result<(Vec<Source>, Vec<String>), Failure> {
    let told = estate.sources_of_systems()?;
    let concerns = |table: &str, source: &str| {
        // People come from anywhere; so may accounts that were never read.
        let mut of = told.iter().filter(|(_, s)| s == source).peekable();
        wanted.is_empty()
            || table == "person"
            || of.peek().is_none()
            || of.any(|(system, _)| wanted.contains(&system.to_lowercase()))
    };
    let frozen = estate.frozen(&TABLES);
    let mut gaps: Vec<String> = ["person", "account"]
        .into_iter()
        .filter(|table| !frozen.iter().any(|f| f.table == *table))
        .map(|table| format!("no source tells of any {table}"))
        .collect();
    let mut sources = Vec::new();
    for one in frozen {
        if !concerns(&one.table, &one.source) {
            continue;
        }
        if let Some(gap) = &one.gap
            && !gaps.contains(gap)
        {
            gaps.push(gap.clone());
        }
        sources.push(Source {
            table: one.table,
            source: one.source,
            entry: one.entry,
            collected_at: one.collected_at,
            gap: one.gap,
        });
    }
    Ok((sources, gaps))
}

fn lead(
    population: &standing_assess::frozen::Population,
    members: &Members,
    home: &Home,
    asked: &Opening,
    due_on: Date,
) -> Result<Option<Reviewer>, Failure> {
    let Some(text) = asked.lead.as_deref().or(home.config.review.lead.as_deref()) else {
        return Ok(None);
    };
    let line = InLine::new(population, members, None, due_on);
    match line.find(text) {
        Ok(found) => Ok(Some(found)),
        // An address is enough to be told; it is nobody's own access then.
        Err(_) if text.contains('@') => Ok(Some(Reviewer {
            email: text.trim().to_lowercase(),
            ..Reviewer::default()
        })),
        Err(why) => Err(
            Failure::new(Sort::Configuration, format!("the lead: {why}"))
                .hint("lead = \"…\" under [review], or --lead: an e-mail, or the name of a person")
                .at("lead"),
        ),
    }
}

fn found(frozen: &Frozen, systems: &[String]) -> Result<(), Failure> {
    let missing: Vec<&str> = systems
        .iter()
        .filter(|s| {
            !frozen
                .systems
                .iter()
                .any(|f| f.eq_ignore_ascii_case(s.trim()))
        })
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(Failure::usage(format!(
            "no account that can sign in is known in {}",
            missing.join(", ")
        ))
        .hint("`standing query \"select distinct system from account\"` lists the systems")
        .at("systems"));
    }
    if frozen.lines.is_empty() {
        return Err(Failure::usage("there is no account to review")
            .hint("`standing source kinds` lists what accounts can be read from"));
    }
    Ok(())
}

/// What is no reason to refuse, and must be said all the same.
fn notices(estate: &Estate<'_>, frozen: &Frozen) -> Vec<String> {
    let mut notices = Vec::new();
    if estate.sources_of("grant").is_empty() {
        notices.push("no source tells of rights: accounts are reviewed without them".to_owned());
    }
    let without = frozen.systems.iter().filter(|system| {
        let of = |line: &&Line| line.system == **system;
        !frozen
            .lines
            .iter()
            .filter(of)
            .any(|line| !line.rights.is_empty())
    });
    let without: Vec<&str> = without.map(String::as_str).collect();
    if !without.is_empty() && notices.is_empty() {
        notices.push(format!("no rights are known in {}", without.join(", ")));
    }
    let unassigned = frozen
        .lines
        .iter()
        .filter(|l| l.reviewer.is_empty())
        .count() as u64;
    if unassigned > 0 {
        notices.push(format!(
            "{} without anybody who may decide: record the systems' owners, or name a lead",
            count(unassigned, "row")
        ));
    }
    notices
}

/// The last campaign of each system, and its rows.
struct EarlierReviews {
    rows: Before,
    systems: BTreeSet<String>,
    /// System in lower case to campaign.
    of: HashMap<String, String>,
}

impl EarlierReviews {
    fn read(index: &Index) -> Result<Self, Failure> {
        let mut earlier = EarlierReviews {
            rows: Before::new(),
            systems: BTreeSet::new(),
            of: HashMap::new(),
        };
        for head in index.review_campaigns()? {
            let campaign = Campaign::of(head)?;
            let new: BTreeSet<String> = campaign
                .details
                .systems
                .iter()
                .map(|s| s.to_lowercase())
                .filter(|s| !earlier.systems.contains(s))
                .collect();
            if new.is_empty() {
                continue;
            }
            for row in index.reviewed_before(campaign.id())? {
                let key = row.system.to_lowercase();
                if new.contains(&key) {
                    earlier.rows.insert((row.account.clone(), key), row);
                }
            }
            for system in new {
                earlier.of.insert(system.clone(), campaign.id().to_owned());
                earlier.systems.insert(system);
            }
        }
        Ok(earlier)
    }

    /// The rights that a row of an earlier campaign held.
    fn rights(&self, index: &Index, before: &ReviewedBefore) -> Vec<Right> {
        let Some(campaign) = self.of.get(&before.system.to_lowercase()) else {
            return Vec::new();
        };
        let wanted = ReviewWanted {
            rows: Some(vec![before.n]),
            ..ReviewWanted::default()
        };
        let found = index.review_rows(campaign, &wanted, None, 1);
        let row = found.ok().and_then(|rows| rows.into_iter().next());
        let line = row.and_then(|row| serde_json::from_str::<Line>(&row.json).ok());
        line.map_or_else(Vec::new, |line| line.rights)
    }
}

fn keep(
    home: &Home,
    index: &Index,
    by: By<'_>,
    today: Date,
    mut details: Details,
    frozen: &Frozen,
) -> Result<Opened, Failure> {
    let mut writer = home.vault.blob_writer()?;
    let mut hash = Sha256::new();
    for line in &frozen.lines {
        let mut json = serde_json::to_vec(line).map_err(Failure::integrity)?;
        json.push(b'\n');
        hash.update(&json);
        std::io::Write::write_all(&mut writer, &json)?;
    }
    let population = writer.finish()?;
    details.sha256 = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let id = name(index, today)?;
    let kept = serde_json::to_vec(&details).map_err(Failure::integrity)?;
    let kept = home.vault.put_blob(&kept)?;
    let body = json!({
        "campaign": id,
        "opened_on": today.to_string(),
        "due_on": details.due_on.to_string(),
        "rows": details.rows,
        "complete": details.gaps.is_empty(),
        "details": kept.digest.reference(),
        "population": population.digest.reference(),
    });
    let entry = home.append(index, by, "campaign", body)?;
    project::catch_up(&home.vault, index)?;
    let unassigned = frozen
        .lines
        .iter()
        .filter(|l| l.reviewer.is_empty())
        .count();
    Ok(Opened {
        id,
        entry: entry.seq,
        details,
        unassigned: unassigned as u64,
    })
}

/// `review-2026-11-26`, and `review-2026-11-26-2` for the second of a day.
fn name(index: &Index, today: Date) -> Result<String, Failure> {
    let first = format!("review-{today}");
    let mut id = first.clone();
    let mut nth = 1;
    while index.review_campaign(&id)?.is_some() {
        nth += 1;
        id = format!("{first}-{nth}");
    }
    Ok(id)
}
