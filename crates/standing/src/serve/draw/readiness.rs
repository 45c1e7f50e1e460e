//! Readiness over time: the items that bind, stacked by verdict, week by week, back and ahead.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{ORDER, Tally, fill, folded_table, legend, length, opening, patterns, percent};
use crate::text::day as long;

/// What is known of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is still being worked out.
    NotYet,
    /// Nothing was in the vault then.
    Nothing,
    /// Items that bind, by verdict.
    Items(Tally),
}

/// One day of the time line; it holds until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The day.
    pub day: Date,
    /// What is known of it.
    pub known: Known,
}

/// What a time line shows.
#[derive(Clone, Copy, Debug)]
pub struct Readiness<'a> {
    /// Oldest first.
    pub points: &'a [Point],
    /// Where the forecast begins.
    pub today: Date,
    /// Planned day of publication.
    pub publish_on: Date,
    /// The day that the page shows, where it is not today.
    pub shown: Option<Date>,
}

/// Height of what is stacked.
const PLOT: u32 = 170;
/// Where it begins: above it stand the names of the marks, each on a line of its own.
const TOP: u32 = 60;

/// Readiness over time as stacked columns.
pub fn readiness(id: &str, of: &Readiness<'_>) -> String {
    let title = "Readiness over time";
    let mut svg = opening(id, "scaled", TOP + PLOT + 44, title, &description(of));
    svg.push_str(&patterns(id));
    let most = of.points.iter().map(|p| total(p.known)).max().unwrap_or(0);
    let span = Span::of(of);
    svg.push_str(&scale(most));
    for (i, point) in of.points.iter().enumerate() {
        let until = of.points.get(i + 1).map_or(span.to, |next| next.day);
        svg.push_str(&column(
            id,
            point,
            span.place(point.day),
            span.place(until),
            most,
        ));
    }
    svg.push_str(&grid());
    svg.push_str(&months(&span));
    svg.push_str(&marks(of, &span));
    svg.push_str("</svg>");
    format!(
        "<figure class=\"picture\">{svg}<figcaption>{}{}</figcaption>{}</figure>",
        legend(id),
        working(of.points),
        table(of)
    )
}

fn total(known: Known) -> u64 {
    match known {
        Known::Items(tally) => tally.total(),
        Known::NotYet | Known::Nothing => 0,
    }
}

fn working(points: &[Point]) -> String {
    let missing = points.iter().filter(|p| p.known == Known::NotYet).count();
    if missing == 0 {
        return String::new();
    }
    format!(
        "<p>{missing} of {} days shown are still being worked out; they are drawn empty.</p>",
        points.len()
    )
}

fn said(known: Known) -> String {
    match known {
        Known::NotYet => "being worked out".into(),
        Known::Nothing => "nothing was known".into(),
        Known::Items(tally) => {
            let good = tally.met + tally.not_applicable;
            format!(
                "{good} of {} items met or not applicable ({})",
                tally.total(),
                tally.words()
            )
        }
    }
}

fn description(of: &Readiness<'_>) -> String {
    let (Some(first), Some(last)) = (of.points.first(), of.points.last()) else {
        return "There is nothing to show yet.".into();
    };
    let now = of.points.iter().rev().find(|p| p.day <= of.today);
    let mut words = format!(
        "Items that bind by verdict, from {} to {}.",
        long(first.day),
        long(last.day)
    );
    if let Some(now) = now {
        let _ = write!(words, " On {}: {}.", long(now.day), said(now.known));
    }
    if last.day > of.today {
        let _ = write!(
            words,
            " Forecast for {}, if nothing is done: {}.",
            long(last.day),
            said(last.known)
        );
    }
    words
}

/// The days from one end of the picture to the other.
struct Span {
    from: Date,
    to: Date,
}

impl Span {
    fn of(of: &Readiness<'_>) -> Self {
        let from = of.points.first().map_or(of.today, |p| p.day);
        let last = of.points.last().map_or(of.today, |p| p.day);
        // The last point is as wide as a week, so that it is seen.
        let to = last.saturating_add(jiff::Span::new().days(7));
        Span { from, to }
    }

    /// Where a day lies, in percent.
    fn place(&self, day: Date) -> f64 {
        let days = |to: Date| f64::from((to - self.from).get_days());
        percent(days(day), days(self.to)).clamp(0.0, 100.0)
    }
}

fn column(id: &str, point: &Point, from: f64, to: f64, most: u64) -> String {
    let width = to - from;
    let Known::Items(tally) = point.known else {
        let class = match point.known {
            Known::NotYet => "d-not-yet",
            _ => "d-nothing",
        };
        let height = if most == 0 { 0 } else { PLOT };
        return format!(
            "<rect class=\"{class}\" shape-rendering=\"crispEdges\" x=\"{from:.2}%\" y=\"{TOP}\" width=\"{width:.2}%\" \
             height=\"{height}\"/>"
        );
    };
    let mut svg = String::new();
    let mut bottom = f64::from(TOP + PLOT);
    for verdict in ORDER {
        let count = tally.count(verdict);
        if count == 0 {
            continue;
        }
        let height = f64::from(PLOT) * length(count) / length(most.max(1));
        bottom -= height;
        let _ = write!(
            svg,
            "<rect shape-rendering=\"crispEdges\" x=\"{from:.2}%\" y=\"{bottom:.2}\" width=\"{width:.2}%\" height=\"{height:.2}\" {}/>",
            fill(id, verdict)
        );
    }
    svg
}

/// The numbers to the left of the picture, where the style sheet leaves room: none, half and all.
fn scale(most: u64) -> String {
    let mut svg = String::new();
    let mut marks = vec![(0, TOP + PLOT), (most, TOP)];
    if most >= 2 && most.is_multiple_of(2) {
        marks.push((most / 2, TOP + PLOT / 2));
    }
    if most == 0 {
        marks.truncate(1);
    }
    for (count, y) in marks {
        let _ = write!(
            svg,
            "<text class=\"d-quiet d-scale\" x=\"-8\" y=\"{}\" text-anchor=\"end\">{count}</text>",
            y + 5
        );
    }
    svg
}

fn grid() -> String {
    [TOP, TOP + PLOT / 2, TOP + PLOT]
        .iter()
        .map(|y| format!("<line class=\"d-grid\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>"))
        .collect()
}

/// The first days of every third month, with the year where it is new.
fn months(span: &Span) -> String {
    const NAMES: [&str; 4] = ["Jan", "Apr", "Jul", "Oct"];
    let (mut svg, mut year) = (String::new(), 0);
    let mut first = span.from.first_of_month();
    while first <= span.to {
        let quarter = usize::try_from((first.month() - 1) / 3).unwrap_or(0);
        let place = span.place(first);
        // A name at the very edge would be cut off.
        if (first.month() - 1) % 3 == 0 && first >= span.from && place < 96.0 {
            let y = TOP + PLOT;
            let _ = write!(
                svg,
                "<line class=\"d-tick\" x1=\"{place:.2}%\" x2=\"{place:.2}%\" y1=\"{y}\" y2=\"{}\"/>\
                 <text class=\"d-quiet\" x=\"{place:.2}%\" y=\"{}\">{}</text>",
                y + 6,
                y + 22,
                NAMES[quarter.min(3)]
            );
            if year != first.year() {
                year = first.year();
                let _ = write!(
                    svg,
                    "<text class=\"d-quiet\" x=\"{place:.2}%\" y=\"{}\">{year}</text>",
                    y + 38
                );
            }
        }
        let next = first.saturating_add(jiff::Span::new().months(1));
        if next == first {
            break;
        }
        first = next;
    }
    svg
}

fn marks(of: &Readiness<'_>, span: &Span) -> String {
    let mut svg = mark(span, of.today, "today", 14, "d-today");
    if of.publish_on > of.today && of.publish_on <= span.to {
        svg.push_str(&mark(span, of.publish_on, "publication", 30, "d-publish"));
    }
    if let Some(shown) = of.shown.filter(|day| *day >= span.from && *day <= span.to) {
        svg.push_str(&mark(span, shown, "shown here", 46, "d-shown"));
    }
    svg
}

fn mark(span: &Span, day: Date, name: &str, y: u32, class: &str) -> String {
    let place = span.place(day);
    let anchor = if place > 45.0 { "end" } else { "start" };
    format!(
        "<line class=\"{class}\" x1=\"{place:.2}%\" x2=\"{place:.2}%\" y1=\"{}\" y2=\"{}\"/>\
         <text class=\"d-mark\" x=\"{place:.2}%\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>",
        y + 4,
        TOP + PLOT
    )
}

fn table(of: &Readiness<'_>) -> String {
    let rows: Vec<Vec<String>> = of
        .points
        .iter()
        .map(|point| {
            let kind = if point.day > of.today { "forecast" } else { "" };
            vec![
                format!("<a href=\"/?day={}\">{}</a>", point.day, long(point.day)),
                kind.to_owned(),
                said(point.known),
            ]
        })
        .collect();
    folded_table(
        "Readiness over time",
        &["Day", "", "Items that bind"],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::well_formed;
    use super::*;
    use jiff::civil::date;

    const TALLY: Tally = Tally {
        met: 3,
        not_applicable: 0,
        unknown: 1,
        not_met: 2,
    };

    fn drawn(points: &[Point]) -> String {
        readiness(
            "r",
            &Readiness {
                points,
                today: date(2026, 11, 21),
                publish_on: date(2027, 6, 30),
                shown: None,
            },
        )
    }

    #[test]
    fn no_point_and_one_point_are_pictures_too() {
        well_formed(&drawn(&[]));
        let one = drawn(&[Point {
            day: date(2026, 11, 21),
            known: Known::Items(TALLY),
        }]);
        let text = well_formed(&one);
        assert!(text.contains("3 of 6 items met"), "{text}");
        assert!(!one.contains("NaN"), "{one}");
    }

    #[test]
    fn columns_fill_the_plot_and_what_is_not_known_is_said() {
        let at = |day, known| Point { day, known };
        let svg = drawn(&[
            at(date(2026, 11, 7), Known::Nothing),
            at(date(2026, 11, 14), Known::NotYet),
            at(date(2026, 11, 21), Known::Items(TALLY)),
        ]);
        let text = well_formed(&svg);
        assert!(text.contains("nothing was known"), "{text}");
        assert!(text.contains("1 of 3 days shown are still"), "{text}");
        // Three of six take half of the height.
        assert!(svg.contains("height=\"85.00\" class=\"d-met\""), "{svg}");
    }

    #[test]
    fn a_forecast_is_called_one() {
        let svg = drawn(&[
            Point {
                day: date(2026, 11, 21),
                known: Known::Items(TALLY),
            },
            Point {
                day: date(2027, 6, 30),
                known: Known::Items(TALLY),
            },
        ]);
        let text = well_formed(&svg);
        assert!(text.contains("Forecast for 30 June 2027"), "{text}");
        assert!(text.contains("publication"), "{text}");
    }
}
