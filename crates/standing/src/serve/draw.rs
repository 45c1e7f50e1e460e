//! Drawings: pure functions from data to a whole `<figure>`, with the picture as SVG, a legend where
//! one is needed, and the same numbers as a table.
//!
//! Lengths along the width are percentages, so that a picture is as wide as its place while its text
//! keeps its size: it can be read at 320 px. Colours and patterns are classes of the style sheet. The
//! `id` given must be unique on the page: titles and patterns are named after it.

mod ages;
mod readiness;
mod verdicts;

use std::fmt::Write as _;

use standing_assess::check::Verdict;

pub use ages::{Age, ages};
pub use readiness::{Known, Point, Readiness, readiness};
pub use verdicts::{Row, strip, verdicts};

/// How many have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Met.
    pub met: u64,
    /// Not applicable.
    pub not_applicable: u64,
    /// Unknown.
    pub unknown: u64,
    /// Not met.
    pub not_met: u64,
}

/// In the order in which pictures stack them: the good at the bottom or left.
const ORDER: [Verdict; 4] = [
    Verdict::Met,
    Verdict::NotApplicable,
    Verdict::Unknown,
    Verdict::NotMet,
];

impl Tally {
    /// Counts verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut tally = Tally::default();
        for verdict in verdicts {
            *tally.place(verdict) += 1;
        }
        tally
    }

    fn place(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Met => &mut self.met,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Unknown => &mut self.unknown,
            Verdict::NotMet => &mut self.not_met,
        }
    }

    /// How many have this verdict.
    pub fn count(mut self, verdict: Verdict) -> u64 {
        *self.place(verdict)
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.met + self.not_applicable + self.unknown + self.not_met
    }

    /// `29 met, 2 unknown, 11 not met`: what there is none of is left out.
    pub fn words(self) -> String {
        let parts: Vec<String> = ORDER
            .into_iter()
            .filter(|verdict| self.count(*verdict) > 0)
            .map(|verdict| {
                let count = crate::text::number(self.count(verdict));
                format!("{count} {}", verdict.as_str())
            })
            .collect();
        if parts.is_empty() {
            "none".into()
        } else {
            parts.join(", ")
        }
    }
}

impl From<&standing_assess::check::CheckResult> for Tally {
    fn from(result: &standing_assess::check::CheckResult) -> Self {
        Tally {
            met: result.count(Verdict::Met),
            not_applicable: result.count(Verdict::NotApplicable),
            unknown: result.count(Verdict::Unknown),
            not_met: result.count(Verdict::NotMet),
        }
    }
}

/// Text as it may stand in an element or an attribute. Characters that XML has no place for are left
/// out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// The beginning of a picture: what it is called and what it shows, for those who do not see it.
fn opening(id: &str, look: &str, height: u32, title: &str, description: &str) -> String {
    format!(
        "<svg class=\"drawing {look}\" width=\"100%\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title>\
         <desc id=\"{id}-desc\">{}</desc>",
        escaped(title),
        escaped(description)
    )
}

/// The patterns by which verdicts are told apart without colour.
fn patterns(id: &str) -> String {
    format!(
        "<defs>\
         <pattern id=\"{id}-not-applicable\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
         <rect class=\"d-none-ground\" width=\"6\" height=\"6\"/>\
         <circle class=\"d-none-mark\" cx=\"3\" cy=\"3\" r=\"1\"/></pattern>\
         <pattern id=\"{id}-unknown\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect class=\"d-unknown-ground\" width=\"7\" height=\"7\"/>\
         <rect class=\"d-unknown-mark\" width=\"2\" height=\"7\"/></pattern>\
         <pattern id=\"{id}-not-met\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">\
         <rect class=\"d-not-met-ground\" width=\"5\" height=\"5\"/>\
         <path class=\"d-not-met-mark\" d=\"M0 0L5 5M5 0L0 5\"/></pattern></defs>"
    )
}

/// The attributes that fill a shape with a verdict's pattern.
fn fill(id: &str, verdict: Verdict) -> String {
    match class(verdict) {
        "met" => "class=\"d-met\"".into(),
        name => format!("fill=\"url(#{id}-{name})\""),
    }
}

fn class(verdict: Verdict) -> &'static str {
    super::pages::words::class(&verdict)
}

/// Which pattern means what.
fn legend(id: &str) -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for verdict in ORDER {
        let _ = write!(
            html,
            "<li><svg class=\"swatch\" width=\"20\" height=\"14\" aria-hidden=\"true\">\
             <rect width=\"20\" height=\"14\" {}/></svg> {}</li>",
            fill(id, verdict),
            verdict.as_str()
        );
    }
    html.push_str("</ul>");
    html
}

/// A table in its own region, folded.
fn folded_table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!(
        "<details><summary>The same as a table</summary><div class=\"table\" tabindex=\"0\" \
         role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
        escaped(caption)
    );
    for head in heads {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(head));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            // The first cell is HTML of ours (a link or escaped text); numbers need no escaping.
            let _ = match i {
                0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                _ => write!(html, "<td>{}</td>", escaped(cell)),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div></details>");
    html
}

/// A share of the whole in percent, to two places; 0 of 0 is 0.
fn percent(part: f64, whole: f64) -> f64 {
    if whole <= 0.0 {
        return 0.0;
    }
    (part / whole * 10_000.0).round() / 100.0
}

/// A count as a length: precise far beyond what a picture shows.
#[allow(clippy::cast_precision_loss)]
fn length(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails where the text is not well-formed; gives all its text without the tags.
    pub fn well_formed(xml: &str) -> String {
        use quick_xml::events::Event;
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut text = String::new();
        let mut depth = 0;
        loop {
            match reader.read_event().unwrap_or_else(|e| panic!("{e}: {xml}")) {
                Event::Start(tag) => {
                    depth += 1;
                    for attribute in tag.attributes() {
                        let attribute = attribute.unwrap();
                        assert_ne!(attribute.key.as_ref(), "style", "refused by our own CSP");
                        assert!(!attribute.key.as_ref().starts_with("on"), "{xml}");
                    }
                }
                Event::End(_) => depth -= 1,
                Event::Text(t) => text.push_str(&t),
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        text
    }

    #[test]
    fn hostile_text_is_text() {
        assert_eq!(
            escaped("<b a='1' c=\"2\">&\u{0}\u{1b}</b>"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;"
        );
        well_formed(&format!("<p a=\"{0}\">{0}</p>", escaped("<>&\"'\u{1}")));
    }

    #[test]
    fn a_tally_counts_each_once_and_says_what_there_is() {
        let tally = Tally::of([Verdict::Met, Verdict::NotMet, Verdict::Met]);
        assert_eq!((tally.met, tally.not_met, tally.total()), (2, 1, 3));
        assert_eq!(tally.words(), "2 met, 1 not met");
        assert_eq!(Tally::default().words(), "none");
    }

    #[test]
    fn nothing_of_nothing_is_no_length() {
        assert!((percent(0.0, 0.0)).abs() < f64::EPSILON);
        assert!((percent(1.0, 3.0) - 33.33).abs() < f64::EPSILON);
    }
}
