//! `standing status` and `standing forecast`: what could be published, and what lapses.

use serde_json::{Value, json};
use standing_assess::assessment::{Assessment, Basis, ItemStanding};
use standing_assess::check::Verdict;
use standing_assess::lapses::Lapse;

use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{Style, day, ranges};

/// Exit code of a clear yes.
const READY: u8 = 0;
/// Exit code of a clear no.
const NOT_READY: u8 = 1;

/// Runs `standing status`.
///
/// # Errors
/// When it could not tell.
pub fn status(home: &Home, when: &When, all: bool, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let today = terms.assess(&mut index)?;
    let then = terms.assess_publication(&mut index)?;
    match format {
        Format::Json => say!("{:#}", to_json(home, &terms, &today, &then, true)),
        Format::Text => put!(
            "{}",
            to_text(home, &terms, &today, &then, all, Style::stdout())
        ),
    }
    Ok(if ready(&terms, &today) {
        READY
    } else {
        NOT_READY
    })
}

/// Ready by every item that binds, and by a list of items that is not known to be short.
pub fn ready(terms: &Terms, assessment: &Assessment) -> bool {
    assessment.ready() && terms.short.is_empty()
}

/// What can be said in one line.
pub fn headline(terms: &Terms, today: &Assessment) -> String {
    let way = today.items.iter().filter(|i| i.in_the_way()).count();
    match (today.ready(), way) {
        (true, _) if !terms.short.is_empty() => {
            "NOT READY: nothing known stands in the way, but the imported sheet is short of items"
                .into()
        }
        (true, _) => "READY to publish truthfully, as far as Standing knows the rules".into(),
        (false, 0) => "NOT READY: no item is known to bind, so nothing can be said".into(),
        (false, 1) => "NOT READY to publish truthfully: 1 item stands in the way".into(),
        (false, n) => format!("NOT READY to publish truthfully: {n} items stand in the way"),
    }
}

/// The whole status as text.
pub fn to_text(
    home: &Home,
    terms: &Terms,
    today: &Assessment,
    then: &Assessment,
    all: bool,
    style: Style,
) -> String {
    let mut text = format!(
        "{}\n{}\n\n{}\n\n",
        style.strong(&home.config.organisation),
        style.faint(&format!(
            "as of {} · profile {} · judged by {} · publication planned for {}",
            day(today.as_of),
            today.profile,
            today.edition,
            day(terms.publish_on)
        )),
        style.news(ready(terms, today), &headline(terms, today))
    );
    text.push_str(&numbers(today, style));
    if today
        .items
        .iter()
        .all(|i| i.basis != Basis::Measured && i.basis != Basis::Contradicted)
    {
        text.push_str(&format!(
            "\n  {}\n",
            style.fold(
                2,
                "Nothing is measured yet. `standing source kinds` lists what can be read, `standing source \
                 add` adds it, `standing collect` reads it; `standing item REF` tells what to state for an \
                 item and how."
            )
        ));
    }
    let mut in_the_way: Vec<&ItemStanding> =
        today.items.iter().filter(|i| i.in_the_way()).collect();
    in_the_way.sort_by_key(|i| std::cmp::Reverse((i.verdict, i.basis)));
    if !in_the_way.is_empty() {
        text.push_str(&format!("\n{}\n", style.strong("In the way, worst first")));
        for item in in_the_way {
            text.push_str(&block(item, style));
        }
    }
    text.push_str(&slipping(terms, today, then, style));
    let others: Vec<&ItemStanding> = today
        .items
        .iter()
        .filter(|i| !i.binds() && wanting(i))
        .collect();
    if !others.is_empty() {
        let heading = "Wanting too, though not known to bind";
        text.push_str(&format!("\n{}\n", style.strong(heading)));
        for item in others {
            text.push_str(&line(item, style));
        }
    }
    if all {
        text.push_str(&format!("\n{}\n", style.strong("Standing")));
        for item in today.items.iter().filter(|i| !wanting(i)) {
            text.push_str(&line(item, style));
        }
    }
    text.push_str(&faulty(today, style));
    for caveat in terms.caveats() {
        text.push_str(&format!(
            "\n{} {}\n",
            style.faint("note:"),
            style.fold(6, &caveat)
        ));
    }
    text
}

fn wanting(item: &ItemStanding) -> bool {
    !matches!(item.verdict, Verdict::Met | Verdict::NotApplicable)
}

fn numbers(today: &Assessment, style: Style) -> String {
    let with = |verdict| today.binding_with(verdict);
    let resting = |basis| {
        today
            .items
            .iter()
            .filter(|i| i.binds() && i.basis == basis)
            .count()
    };
    let unsure = today.items.iter().filter(|i| i.asked == "unknown").count();
    let mandatory_unknown = today
        .items
        .iter()
        .filter(|i| i.binds() && i.mandatory == "unknown")
        .count();
    let mut text = format!(
        "  Of {} items that bind: {} met, {} not applicable, {} not met, {} cannot be told.\n  \
         They rest on: measurement {}, a statement {}, a lapsed proof {}, nothing {}, a contradiction {}.\n",
        today.binding(),
        with(Verdict::Met),
        with(Verdict::NotApplicable),
        with(Verdict::NotMet),
        with(Verdict::Unknown),
        resting(Basis::Measured),
        resting(Basis::Attested),
        resting(Basis::Lapsed),
        resting(Basis::Unsupported),
        resting(Basis::Contradicted),
    );
    if mandatory_unknown + unsure > 0 {
        let words = format!(
            "Not known: whether {mandatory_unknown} of them are mandatory (they are counted as if they \
             were), and whether {unsure} more are asked at all (shown, not counted)."
        );
        text.push_str(&format!("  {}\n", style.fold(2, &words)));
    }
    for warning in &today.warnings {
        text.push_str(&format!("\n  Mind: {}.\n", style.fold(8, warning)));
    }
    if !today.gaps.is_empty() {
        text.push_str("\n  Not completely known, so nothing rests on it:\n");
        for gap in &today.gaps {
            text.push_str(&format!(
                "  {} {}\n",
                style.shape(Verdict::Unknown),
                style.fold(4, gap)
            ));
        }
    }
    text
}

fn line(item: &ItemStanding, style: Style) -> String {
    let until = item.lapses_on.map_or(String::new(), |d| {
        style.faint(&format!(", until {}", day(d)))
    });
    format!(
        "  {} {:<7}{}  {}{until}\n",
        style.shape(item.verdict),
        item.item,
        item.title,
        style.faint(&format!("{}, {}", item.verdict, item.basis.as_str()))
    )
}

/// Whether the item binds and how sure that is, in a few words.
pub fn certainty(item: &ItemStanding) -> &'static str {
    match (item.mandatory, item.certainty) {
        ("yes", "sourced" | "imported") => "mandatory",
        ("yes", "older-edition") => "mandatory in an older edition",
        ("yes", "inferred") => "mandatory, by inference",
        ("yes", _) => "mandatory by likeness or one weak source",
        ("no", _) => "not mandatory",
        _ if item.asked == "yes" => "not known whether mandatory",
        _ => "not known whether it is asked",
    }
}

fn block(item: &ItemStanding, style: Style) -> String {
    let certainty = certainty(item);
    let mut text = format!(
        "  {} {}\n           {}\n           {}\n",
        style.shape(item.verdict),
        style.strong(&format!("{:<7}{}", item.item, style.fold(11, &item.title))),
        style.faint(&format!(
            "{} · {} · {certainty}",
            item.verdict,
            item.basis.as_str()
        )),
        style.fold(11, &item.reason),
    );
    let mut last = Vec::new();
    if let Some(turn) = &item.turn {
        last.push(format!("→ turn of {turn}"));
    }
    if !item.evidence.is_empty() {
        let entries = if item.evidence.len() == 1 {
            "entry"
        } else {
            "entries"
        };
        last.push(format!("evidence: {entries} {}", ranges(&item.evidence)));
    }
    if !last.is_empty() {
        text.push_str(&format!("           {}\n", style.faint(&last.join(" · "))));
    }
    text
}

/// Items that stand today and will not on the day of publication.
fn slipping(terms: &Terms, today: &Assessment, then: &Assessment, style: Style) -> String {
    let lost = slipped(today, then);
    if lost.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{}\n",
        style.strong(&format!(
            "Standing today, lapsed by {} if nothing is done ({} of {})",
            day(terms.publish_on),
            lost.len(),
            today
                .items
                .iter()
                .filter(|i| i.binds() && !wanting(i))
                .count()
        ))
    );
    for item in lost {
        let when = item.lapses_on.map_or(String::new(), day);
        let why = item
            .lapses_because
            .as_deref()
            .unwrap_or("another verdict then");
        text.push_str(&format!(
            "  {:<7}{when}: {}\n",
            item.item,
            style.fold(9, why.trim_end_matches('.'))
        ));
    }
    text.push_str("  `standing forecast` lists everything that lapses, day by day.\n");
    text
}

/// Items that stand today and will not then, soonest first.
pub fn slipped<'a>(today: &'a Assessment, then: &Assessment) -> Vec<&'a ItemStanding> {
    let mut lost: Vec<&ItemStanding> = today
        .items
        .iter()
        .zip(&then.items)
        .filter(|(now, then)| now.binds() && !wanting(now) && wanting(then))
        .map(|(now, _)| now)
        .collect();
    lost.sort_by_key(|i| i.lapses_on);
    lost
}

fn faulty(today: &Assessment, style: Style) -> String {
    let mut text = String::new();
    for check in &today.faulty {
        text.push_str(&format!(
            "\n{} check {}: {}\n",
            style.strong("Not used:"),
            check.name,
            style.fold(2, &check.error.to_string())
        ));
    }
    text
}

/// An item as it stands, as JSON; the subject that its reason names is left out for whoever may not
/// see people.
pub fn item_json(item: &ItemStanding, personal: bool) -> Value {
    let mut value = json!(item);
    value["reason"] = json!(item.reason_for(personal));
    value
}

/// The whole status as JSON, as documented in `docs/json.md`.
///
/// The subject that an item's reason names is left out for whoever may not see people.
pub fn to_json(
    home: &Home,
    terms: &Terms,
    today: &Assessment,
    then: &Assessment,
    personal: bool,
) -> Value {
    let counts = |a: &Assessment| {
        json!({
            "binding": a.binding(),
            "met": a.binding_with(Verdict::Met),
            "not_applicable": a.binding_with(Verdict::NotApplicable),
            "not_met": a.binding_with(Verdict::NotMet),
            "unknown": a.binding_with(Verdict::Unknown),
        })
    };
    json!({
        "organisation": home.config.organisation,
        "as_of": today.as_of,
        "profile": today.profile,
        "edition": today.edition,
        "edition_due": terms.edition_due,
        "publish_on": terms.publish_on,
        "ready": ready(terms, today),
        "headline": headline(terms, today),
        "counts": counts(today),
        "items": today.items.iter().map(|i| item_json(i, personal)).collect::<Vec<_>>(),
        "on_publication": {
            "ready": ready(terms, then),
            "counts": counts(then),
            "lapsed_by_then": slipped(today, then).iter().map(|i| &i.item).collect::<Vec<_>>(),
        },
        "checks": today.checks.values().map(|c| json!({
            "name": c.name,
            "verdict": c.verdict.as_str(),
            "met": c.count(Verdict::Met),
            "not_met": c.count(Verdict::NotMet),
            "unknown": c.count(Verdict::Unknown),
            "not_applicable": c.count(Verdict::NotApplicable),
            "excepted": c.excepted,
            "gaps": c.gaps,
        })).collect::<Vec<_>>(),
        "faulty_checks": today.faulty.iter().map(|f| json!({
            "name": f.name, "line": f.error.line, "error": f.error.what,
        })).collect::<Vec<_>>(),
        "gaps": today.gaps,
        "warnings": today.warnings,
        "caveats": terms.caveats(),
    })
}

/// Runs `standing forecast`.
///
/// # Errors
/// When it could not tell.
pub fn forecast(home: &Home, when: &When, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let today = terms.assess(&mut index)?;
    let lapses: Vec<&Lapse> = today
        .lapses
        .iter()
        .filter(|lapse| lapse.on <= terms.publish_on)
        .collect();
    match format {
        Format::Json => say!(
            "{:#}",
            json!({ "as_of": today.as_of, "publish_on": terms.publish_on, "lapses": lapses })
        ),
        Format::Text => put!(
            "{}",
            forecast_text(&terms, &today, &lapses, Style::stdout())
        ),
    }
    Ok(u8::from(lapses.iter().any(|l| !l.renewed_by_reading)))
}

fn forecast_text(terms: &Terms, today: &Assessment, lapses: &[&Lapse], style: Style) -> String {
    let mut text = format!(
        "{}\n\n",
        style.strong(&format!(
            "What lapses between {} and the publication planned for {}",
            day(today.as_of),
            day(terms.publish_on)
        ))
    );
    let (by_reading, by_doing): (Vec<&Lapse>, Vec<&Lapse>) =
        lapses.iter().partition(|l| l.renewed_by_reading);
    for (heading, lapses) in [
        ("Somebody must do something", by_doing),
        (
            "Renewed as long as the systems go on and the sources are read",
            by_reading,
        ),
    ] {
        text.push_str(&format!("{}\n", style.strong(heading)));
        if lapses.is_empty() {
            text.push_str("  Nothing.\n");
        }
        for group in by_month(&lapses) {
            text.push_str(&group_text(&group, style));
        }
        text.push('\n');
    }
    text
}

/// Lapses of one thing within one month belong together, in the order of the first day.
pub fn by_month<'a>(lapses: &[&'a Lapse]) -> Vec<Vec<&'a Lapse>> {
    let mut groups: Vec<Vec<&Lapse>> = Vec::new();
    for lapse in lapses {
        let month = |l: &Lapse| (l.name.clone(), l.what, l.on.year(), l.on.month());
        match groups.iter_mut().find(|g| month(g[0]) == month(lapse)) {
            Some(group) => group.push(lapse),
            None => groups.push(vec![lapse]),
        }
    }
    groups
}

fn group_text(group: &[&Lapse], style: Style) -> String {
    let (first, last) = (group[0], group[group.len() - 1]);
    let when = if first.on == last.on {
        day(first.on)
    } else {
        format!("{}–{}", first.on.day(), day(last.on))
    };
    let lapsing: u64 = group.iter().filter_map(|l| Some(l.subjects?.0)).sum();
    let of = first.subjects.map_or(String::new(), |(_, all)| {
        format!(
            "{} of {}: ",
            crate::text::number(lapsing),
            crate::text::number(all)
        )
    });
    let items = match first.items.as_slice() {
        [] => String::new(),
        items => style.faint(&format!("  [{}]", items.join(", "))),
    };
    format!(
        "  {when:<22} {}{items}\n",
        style.fold(25, &format!("{of}{}", first.detail))
    )
}
