//! What the server says of its own running: its log, its figures, its traces, and whether it is there.
//!
//! None of it names a person, a path with a name in it, or a query.

mod figures;
mod traces;

use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::right::{Access, Right};
use super::routes::Route;
use super::visit::{Answer, Reply, Visit};
use crate::cli::LogForm;
pub use figures::{answered, noticed};
pub use traces::{Traces, request};

/// Routes of whoever watches over the server.
pub const ROUTES: &[Route] = &[
    Route::get("/healthz", Access::Public, |_| Ok(Reply::text("alive\n"))).unlimited(),
    Route::get("/readyz", Access::Public, ready).unlimited(),
    Route::get("/metrics", Access::With(Right::Metrics), metrics),
];

/// Begins to write the log to standard error and, with an endpoint, to send traces there. What is given
/// sends the last of them when it is told to end.
pub fn start(form: LogForm, otlp_endpoint: Option<&str>) -> Traces {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match form {
        LogForm::Json => lines.json().boxed(),
        LogForm::Text => lines.boxed(),
    };
    let (traces, layer) = Traces::to(otlp_endpoint);
    // A second subscriber in one process is refused, which is as well.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(lines.with_filter(filter))
        .try_init();
    traces
}

/// Whether pages can be shown: something is judged, and the vault can be read.
fn ready(visit: &Visit) -> Answer {
    let judged = visit.app.snapshot_if_any().is_some();
    if judged && visit.app.home().vault.refresh().is_ok() {
        return Ok(Reply::text("ready\n"));
    }
    Ok(Reply::text("not ready\n").status(503))
}

fn metrics(visit: &Visit) -> Answer {
    let text = figures::text(&visit.app)?;
    Ok(Reply::bytes(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        text.into_bytes(),
    ))
}

/// Ends the sending of traces, within a bound.
impl Drop for Traces {
    fn drop(&mut self) {
        self.end(Duration::from_secs(2));
    }
}
