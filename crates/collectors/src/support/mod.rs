//! Until when products are supported: endoflife.date in its three forms, and distro-info's tables.

mod distro_info;
mod endoflife;

use std::collections::BTreeMap;
use std::io::Read as _;

use standing_facts::Date;
use standing_facts::tables::Support;

use crate::unpacked::{self, Document, Refusal};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};

/// Reads dates of support.
pub struct SupportDates;

static ABOUT: About = About {
    kind: "support",
    summary: "support and end-of-life dates: endoflife.date (JSON) and distro-info (debian.csv, ubuntu.csv)",
    revision: 1,
    asks: Asks::Files,
    tables: &["support"],
    settings: &[Setting {
        name: "product",
        meaning: "the product, where a file holds one that it does not name; else the file's name says it",
        default: "",
        required: false,
    }],
    how: "Fetch the products that you use from endoflife.date, each as api/PRODUCT.json or as \
api/v1/products/PRODUCT, and keep the file's name; both are public. debian.csv and ubuntu.csv lie in \
/usr/share/distro-info where Debian's package distro-info-data is installed. What is read here goes \
before the dates that come with the catalogue, so read it again every few weeks.",
};

impl Collector for SupportDates {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        [".json", ".jsonl", ".ndjson", ".csv"]
            .iter()
            .any(|end| name.ends_with(end))
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let documents = unpacked::all(parts, sink);
        let alone = documents.len() == 1 && parts.list().len() == 1;
        for document in &documents {
            let mut dates = Dates::default();
            let read = one(document, settings.value("product"), &mut dates, sink);
            dates.report(&document.part, sink);
            if let Err(refusal) = read {
                refusal.report(&document.part, alone, sink);
            }
        }
    }
}

fn one(
    document: &Document<'_>,
    product: &str,
    dates: &mut Dates,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let mut start = Vec::new();
    let read = document.text()?.take(4 << 10).read_to_end(&mut start);
    read.map_err(|e| Refusal::io(&e))?;
    let start = String::from_utf8_lossy(&start);
    match start
        .trim_start_matches('\u{feff}')
        .trim_start()
        .chars()
        .next()
    {
        None => Err(Refusal::new("is empty")),
        Some('{' | '[') => endoflife::read(document, product, dates, sink),
        Some(_) => distro_info::read(document, dates, sink),
    }
}

/// The rows of one file, and what is left out of it.
#[derive(Default)]
struct Dates {
    rows: u64,
    left: BTreeMap<&'static str, u64>,
}

impl Dates {
    fn put(&mut self, row: &Support, sink: &mut Sink<'_>) {
        self.rows += 1;
        sink.fact(row);
    }

    fn leave(&mut self, what: &'static str) {
        *self.left.entry(what).or_default() += 1;
    }

    fn report(&self, part: &str, sink: &mut Sink<'_>) {
        for (what, count) in &self.left {
            sink.notice(part, None, None, format!("{what}: {count}"));
        }
    }
}

/// A release on its way to a row. Products are called as the catalogue calls them.
fn row(product: &str, cycle: &str, ends_on: Option<Date>, extended_until: Option<Date>) -> Support {
    let product = match product {
        "rocky-linux" => "rocky",
        "alpine-linux" => "alpine",
        other => other,
    };
    Support {
        product: product.to_owned(),
        cycle: cycle.to_owned(),
        ends_on,
        extended_until,
        said_by: None,
    }
}
