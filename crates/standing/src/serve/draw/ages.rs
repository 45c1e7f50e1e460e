//! Age of evidence: how old each source's last complete reading is, against how long it is relied upon.

use std::fmt::Write as _;

use super::{escaped, folded_table, opening, percent};

/// One source or table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// Its name.
    pub name: String,
    /// Where its name leads in the table beside the picture.
    pub href: Option<String>,
    /// Days since the last complete reading; `None` where there is none.
    pub days: Option<u32>,
    /// Days for which a reading is relied upon.
    pub fresh_for: u32,
}

impl Age {
    /// Whether the last complete reading may no longer be relied upon, or there is none.
    pub fn stale(&self) -> bool {
        self.days.is_none_or(|days| days > self.fresh_for)
    }

    fn words(&self) -> String {
        let of = format!("relied upon for {}", days(self.fresh_for));
        match self.days {
            None => "never read completely".into(),
            Some(0) => format!("read today, {of}"),
            Some(n) if self.stale() => format!("{} old: too old, {of}", days(n)),
            Some(n) => format!("{} old, {of}", days(n)),
        }
    }

    fn short(&self) -> String {
        match self.days {
            None => "✗ never".into(),
            Some(n) if self.stale() => format!("✗ {n} of {} days", self.fresh_for),
            Some(n) => format!("✓ {n} of {} days", self.fresh_for),
        }
    }
}

fn days(n: u32) -> String {
    crate::text::count(u64::from(n), "day")
}

/// Height of a bar with its words above it.
const ROW: u32 = 44;

/// Age of evidence, one bar a row, all on one scale of days; a notch marks how long each is relied
/// upon.
pub fn ages(id: &str, title: &str, rows: &[Age]) -> String {
    let height = ROW * u32::try_from(rows.len().max(1)).unwrap_or(1);
    let described: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {}.", row.name, row.words()))
        .collect();
    let description = match described.as_slice() {
        [] => "No source is configured.".to_owned(),
        some => some.join(" "),
    };
    let scale = rows
        .iter()
        .map(|row| row.fresh_for.max(row.days.unwrap_or(0)))
        .max()
        .unwrap_or(1)
        .max(1);
    let mut svg = opening(id, "bars", height, title, &description);
    svg.push_str(&super::patterns(id));
    if rows.is_empty() {
        svg.push_str("<text class=\"d-quiet\" x=\"0\" y=\"18\">No source is configured.</text>");
    }
    let mut y = 0;
    for row in rows {
        svg.push_str(&bar(id, row, scale, y));
        y += ROW;
    }
    svg.push_str("</svg>");
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    format!(
        "<figure class=\"picture\">{svg}<figcaption>Each bar grows with the days since the last \
         complete reading; the notch marks the day from which it is no longer relied upon.\
         </figcaption>{}</figure>",
        folded_table(title, &["What", "Last complete reading"], &cells)
    )
}

fn cells(row: &Age) -> Vec<String> {
    let name = escaped(&row.name);
    let name = match &row.href {
        Some(href) => format!("<a href=\"{}\">{name}</a>", escaped(href)),
        None => name,
    };
    vec![name, row.words()]
}

fn bar(id: &str, row: &Age, scale: u32, y: u32) -> String {
    let (text_y, bar_y) = (y + 14, y + 20);
    let fresh = percent(f64::from(row.fresh_for), f64::from(scale));
    let mut svg = format!(
        "<text x=\"0\" y=\"{text_y}\">{}</text>\
         <text class=\"d-quiet\" x=\"100%\" y=\"{text_y}\" text-anchor=\"end\">{}</text>\
         <rect class=\"d-track\" x=\"0\" y=\"{bar_y}\" width=\"{fresh:.2}%\" height=\"12\"/>",
        escaped(&row.name),
        row.short()
    );
    let width = match row.days {
        None => 100.0,
        // A reading of today is a sliver, so that it is seen that there is one.
        Some(n) => percent(f64::from(n), f64::from(scale)).max(0.8),
    };
    let look = match row.days {
        Some(_) if !row.stale() => "class=\"d-met\"".to_owned(),
        Some(_) => format!("fill=\"url(#{id}-not-met)\""),
        None => format!("fill=\"url(#{id}-unknown)\""),
    };
    let notch = bar_y - 3;
    let _ = write!(
        svg,
        "<rect x=\"0\" y=\"{bar_y}\" width=\"{width:.2}%\" height=\"12\" {look}/>\
         <line class=\"d-notch\" x1=\"{fresh:.2}%\" x2=\"{fresh:.2}%\" y1=\"{notch}\" y2=\"{}\"/>",
        bar_y + 15
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::super::tests::well_formed;
    use super::*;

    fn age(name: &str, days: Option<u32>) -> Age {
        Age {
            name: name.into(),
            href: None,
            days,
            fresh_for: 31,
        }
    }

    #[test]
    fn a_reading_is_relied_upon_through_its_last_day() {
        assert!(!age("a", Some(31)).stale());
        assert!(age("a", Some(32)).stale());
        assert!(age("a", None).stale());
    }

    #[test]
    fn each_age_is_told_in_words() {
        let rows = [age("<a&b>", Some(0)), age("b", Some(40)), age("c", None)];
        let text = well_formed(&ages("a", "Age", &rows));
        assert!(text.contains("✗ 40 of 31 days"), "{text}");
        assert!(text.contains("never read completely"), "{text}");
        assert!(!ages("a", "Age", &rows).contains("<a&"));
    }

    #[test]
    fn no_source_is_said_and_no_day_divides_by_nothing() {
        let text = well_formed(&ages("a", "Age", &[]));
        assert!(text.contains("No source is configured."), "{text}");
        let none = Age {
            fresh_for: 0,
            ..age("a", Some(0))
        };
        assert!(!ages("a", "Age", &[none]).contains("NaN"));
    }
}
