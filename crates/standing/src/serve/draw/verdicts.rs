//! Subjects by verdict: one bar a row, its parts told apart by pattern and by a label.

use std::fmt::Write as _;

use super::{
    ORDER, Tally, escaped, fill, folded_table, legend, length, opening, patterns, percent,
};

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about: a check, a table; empty where there is but one bar.
    pub name: String,
    /// Where its name leads in the table beside the picture.
    pub href: Option<String>,
    /// Its subjects.
    pub tally: Tally,
}

/// Height of a bar with its words above it.
const ROW: u32 = 46;
/// Least width of a part, in percent: one of a hundred thousand is still to be seen.
const LEAST: f64 = 0.8;

/// Subjects by verdict, one bar a row, each as long as its place: what is compared are shares.
pub fn verdicts(id: &str, title: &str, rows: &[Row]) -> String {
    let height = ROW * u32::try_from(rows.len().max(1)).unwrap_or(1);
    let described: Vec<String> = rows.iter().map(described).collect();
    let description = match described.as_slice() {
        [] => "There is nothing to show.".to_owned(),
        some => some.join(" "),
    };
    let mut svg = opening(id, "bars", height, title, &description);
    svg.push_str(&patterns(id));
    if rows.is_empty() {
        svg.push_str("<text class=\"d-quiet\" x=\"0\" y=\"18\">There is nothing to show.</text>");
    }
    let mut y = 0;
    for row in rows {
        svg.push_str(&bar(id, row, y));
        y += ROW;
    }
    svg.push_str("</svg>");
    format!(
        "<figure class=\"picture\">{svg}<figcaption>{}</figcaption>{}</figure>",
        legend(id),
        table(title, rows)
    )
}

fn described(row: &Row) -> String {
    let total = crate::text::number(row.tally.total());
    let words = row.tally.words();
    match row.name.as_str() {
        "" => format!("Of {total}: {words}."),
        name => format!("{name}, of {total}: {words}."),
    }
}

fn bar(id: &str, row: &Row, y: u32) -> String {
    let (text_y, bar_y) = (y + 14, y + 20);
    let mut svg = match row.name.as_str() {
        "" => String::new(),
        name => format!(
            "<text x=\"0\" y=\"{text_y}\">{}</text>",
            escaped(&shortened(name, 34))
        ),
    };
    let anchor = if row.name.is_empty() {
        "x=\"0\""
    } else {
        "x=\"100%\" text-anchor=\"end\""
    };
    let words = if row.name.is_empty() {
        row.tally.words()
    } else {
        let good = row.tally.met + row.tally.not_applicable;
        format!(
            "{} of {}",
            crate::text::number(good),
            crate::text::number(row.tally.total())
        )
    };
    let _ = write!(
        svg,
        "<text class=\"d-quiet\" {anchor} y=\"{text_y}\">{words}</text>"
    );
    svg.push_str(&stretch(id, row.tally, bar_y, 16));
    svg
}

/// The same as a thin strip without words, for where the words stand beside it.
pub fn strip(id: &str, tally: Tally) -> String {
    let mut svg = format!(
        "<svg class=\"drawing strip\" width=\"100%\" height=\"14\" aria-hidden=\"true\">{}",
        patterns(id)
    );
    svg.push_str(&stretch(id, tally, 0, 14));
    svg.push_str("</svg>");
    svg
}

/// The parts of a bar with its edge.
fn stretch(id: &str, tally: Tally, y: u32, height: u32) -> String {
    let (mut svg, mut x) = (String::new(), 0.0);
    for (verdict, width) in parts(tally) {
        let _ = write!(
            svg,
            "<rect x=\"{x:.2}%\" y=\"{y}\" width=\"{width:.2}%\" height=\"{height}\" {}/>",
            fill(id, verdict)
        );
        x += width;
    }
    let _ = write!(
        svg,
        "<rect class=\"d-edge\" x=\"0\" y=\"{y}\" width=\"100%\" height=\"{height}\"/>"
    );
    svg
}

/// The verdicts that occur and their widths in percent, which make 100 together: what is too small to
/// be seen is widened, at the cost of the widest.
fn parts(tally: Tally) -> Vec<(standing_assess::check::Verdict, f64)> {
    let total = length(tally.total());
    let mut parts: Vec<_> = ORDER
        .into_iter()
        .filter(|verdict| tally.count(*verdict) > 0)
        .map(|v| (v, percent(length(tally.count(v)), total).max(LEAST)))
        .collect();
    let sum: f64 = parts.iter().map(|(_, width)| width).sum();
    if let Some(widest) = parts.iter_mut().max_by(|a, b| a.1.total_cmp(&b.1)) {
        widest.1 -= sum - 100.0;
    }
    parts
}

/// A long name without its end.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let short: String = name.chars().take(most - 1).collect();
    format!("{short}…")
}

fn table(title: &str, rows: &[Row]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let name = match row.name.as_str() {
                "" => "All".to_owned(),
                name => escaped(name),
            };
            let name = match &row.href {
                Some(href) => format!("<a href=\"{}\">{name}</a>", escaped(href)),
                None => name,
            };
            let counts = ORDER.map(|v| crate::text::number(row.tally.count(v)));
            std::iter::once(name)
                .chain(counts)
                .chain([crate::text::number(row.tally.total())])
                .collect()
        })
        .collect();
    let heads = ["What", "Met", "Not applicable", "Unknown", "Not met", "Of"];
    folded_table(title, &heads, &cells)
}

#[cfg(test)]
mod tests {
    use super::super::tests::well_formed;
    use super::*;

    fn row(name: &str, met: u64, not_met: u64) -> Row {
        Row {
            name: name.into(),
            href: Some("/checks/x?a=1&b=\"2\"".into()),
            tally: Tally {
                met,
                not_met,
                ..Tally::default()
            },
        }
    }

    #[test]
    fn parts_fill_the_bar_and_the_smallest_is_seen() {
        let parts = parts(row("", 99_999, 1).tally);
        assert!((parts.iter().map(|p| p.1).sum::<f64>() - 100.0).abs() < 0.01);
        assert!((parts[1].1 - LEAST).abs() < f64::EPSILON, "{parts:?}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let text = well_formed(&verdicts("v", "A <title>", &[row("<script>&\"'", 1, 2)]));
        assert!(text.contains("1 of 3"), "{text}");
        assert!(!verdicts("v", "t", &[row("<script>", 1, 2)]).contains("<script"));
    }

    #[test]
    fn nothing_to_show_is_said() {
        let text = well_formed(&verdicts("v", "Nothing", &[]));
        assert!(text.contains("There is nothing to show."), "{text}");
        let text = well_formed(&verdicts("v", "None", &[row("", 0, 0)]));
        assert!(text.contains("none"), "{text}");
    }
}
