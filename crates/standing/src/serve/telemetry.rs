//! What the server says of its own running.

use std::time::Duration;

use crate::cli::LogForm;

/// Begins to write the log to standard error.
pub fn start(form: LogForm) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process is refused, which is as well.
    let _ = match form {
        LogForm::Json => lines.json().try_init(),
        LogForm::Text => lines.try_init(),
    };
}

/// Notes an answer in the figures.
pub fn answered(_method: &str, _route: &str, _status: u16, _took: Duration) {}
