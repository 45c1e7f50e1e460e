//! Figures in the form of Prometheus. Counters are kept as things happen; what stands is looked up
//! when it is asked for.

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use standing_assess::check::Verdict;

use crate::serve::app::App;
use crate::serve::schedule::State;
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::Trouble;

/// Upper bounds of the durations counted, in seconds.
const BOUNDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Names of labels and their values.
type Labels<const N: usize> = [(&'static str, String); N];
type Number = Gauge<f64, AtomicU64>;

/// What is counted as it happens, for the whole process.
struct Figures {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    took: Family<Labels<1>, Histogram, fn() -> Histogram>,
    notices: Family<Labels<2>, Counter>,
}

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let mut registry = Registry::with_prefix("standing");
    let requests = Family::default();
    let took = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> Histogram);
    let notices = Family::default();
    registry.register(
        "http_requests",
        "Requests answered, by method, route and class of status",
        Family::clone(&requests),
    );
    registry.register(
        "http_request_duration_seconds",
        "Time until an answer began, by route",
        Family::clone(&took),
    );
    registry.register(
        "notices",
        "Messages by channel, and whether they were taken",
        Family::clone(&notices),
    );
    Figures {
        registry,
        requests,
        took,
        notices,
    }
});

/// Notes an answer in the figures. A request that no route answers has none.
pub fn answered(method: &str, route: &str, status: u16, took: Duration) {
    let route = if route.is_empty() { "none" } else { route };
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE"];
    // What others invent must not grow the figures without bound.
    let method = known.iter().find(|m| **m == method).unwrap_or(&"other");
    let labels = [
        ("method", (*method).to_owned()),
        ("route", route.to_owned()),
        ("status", format!("{}xx", status / 100)),
    ];
    FIGURES.requests.get_or_create(&labels).inc();
    FIGURES
        .took
        .get_or_create(&[("route", route.to_owned())])
        .observe(took.as_secs_f64());
    tracing::Span::current().record("http.response.status_code", status);
}

/// Notes a message that was taken, or was not.
pub fn noticed(channel: &str, taken: bool) {
    let outcome = if taken { "sent" } else { "failed" };
    let labels = [
        ("channel", channel.to_owned()),
        ("outcome", outcome.to_owned()),
    ];
    FIGURES.notices.get_or_create(&labels).inc();
}

/// Everything, in the form of OpenMetrics.
///
/// # Errors
/// When it cannot be written, which does not happen in memory.
pub fn text(app: &App) -> Result<String, Trouble> {
    let mut text = String::new();
    encode_registry(&mut text, &FIGURES.registry)
        .and_then(|()| encode_registry(&mut text, &stands(app)))
        .and_then(|()| encode_eof(&mut text))
        .map_err(Trouble::ours)?;
    Ok(text)
}

/// Gauges that are looked up.
struct Stands(Registry);

impl Stands {
    fn one(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Number::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    fn many(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = (String, f64)>,
    ) {
        let family: Family<Labels<1>, Number> = Family::default();
        for (of, value) in values {
            family.get_or_create(&[(label, of)]).set(value);
        }
        self.0.register(name, help, family);
    }
}

fn stands(app: &App) -> Registry {
    let mut all = Stands(Registry::with_prefix("standing"));
    let now = Timestamp::now();
    all.one(
        "vault_entries",
        "Entries of the log",
        count(app.home().vault.size()),
    );
    if let Some(bytes) = resident_bytes() {
        all.one("resident_memory_bytes", "Memory of this process", bytes);
    }
    let Some(snapshot) = app.snapshot_if_any() else {
        return all.0;
    };
    let age = now.duration_since(snapshot.at).as_secs_f64();
    all.one(
        "snapshot_age_seconds",
        "Time since the vault was last judged",
        age,
    );
    let took = snapshot.took.as_secs_f64();
    all.one(
        "snapshot_judging_seconds",
        "Time that the last judging took",
        took,
    );
    let verdicts = [
        Verdict::Met,
        Verdict::NotMet,
        Verdict::Unknown,
        Verdict::NotApplicable,
    ];
    let items = verdicts.iter().map(|verdict| {
        let items = snapshot.today.binding_with(*verdict);
        (verdict.as_str().to_owned(), count(items as u64))
    });
    all.many("items", "Items that bind, by verdict", "verdict", items);
    sources(&mut all, app, &snapshot, now);
    advisories(&mut all, app, &snapshot, now);
    all.0
}

fn advisories(all: &mut Stands, app: &App, snapshot: &Snapshot, now: Timestamp) {
    let attempts = &snapshot.advisories;
    if let Some((_, at)) = attempts.taken_in {
        let age = now.duration_since(at).as_secs_f64();
        let help = "Time since advisories were last taken in";
        all.one("advisories_age_seconds", help, age);
    }
    let failures = attempts.refused.as_ref().map_or(0, |r| r.failures);
    let help = "Tries in a row by which no advisories were taken in";
    all.one("advisories_failures_in_a_row", help, count(failures));
    let running = matches!(app.schedule.advisories(), State::Running { .. });
    let help = "Whether advisories are being taken in";
    all.one("advisories_running", help, f64::from(u8::from(running)));
}

fn sources(all: &mut Stands, app: &App, snapshot: &Snapshot, now: Timestamp) {
    let configured = &snapshot.home.config.sources;
    let names = || configured.iter().map(|s| s.settings.source.clone());
    let ages = names().filter_map(|name| {
        let at = snapshot.attempts.get(&name)?.complete_at.as_ref()?;
        let at: Timestamp = at.parse().ok()?;
        Some((name, now.duration_since(at).as_secs_f64()))
    });
    let help = "Time since the source was last read completely";
    all.many("source_complete_age_seconds", help, "source", ages);
    let failures = names().map(|name| {
        let failures = snapshot.attempts.get(&name).map_or(0, |a| a.failures);
        (name, count(failures))
    });
    let help = "Runs in a row that were not complete";
    all.many("source_failures_in_a_row", help, "source", failures);
    let running = names().map(|name| {
        let running = matches!(app.schedule.state(&name), State::Running { .. });
        (name, f64::from(u8::from(running)))
    });
    all.many(
        "source_running",
        "Whether the source is being read",
        "source",
        running,
    );
}

/// A count as a float: exact far beyond what is counted here.
#[allow(clippy::cast_precision_loss)]
fn count(n: u64) -> f64 {
    n as f64
}

/// Memory of this process as the system counts it.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(count(kibibytes * 1024))
}
