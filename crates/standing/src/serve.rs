//! `standing serve`: the web interface and the API, in one process over one vault.
//!
//! Async stops at the [`door`]; handlers are synchronous functions of a [`visit::Visit`]. What pages
//! show is judged once for each state of the vault ([`snapshot`]); every write goes through
//! [`app::App::act`] and is an entry of the log in the name of whoever asked.

mod api;
mod app;
mod assets;
mod calendar;
pub(crate) mod csv;
mod door;
mod draw;
pub mod duties;
mod editions;
mod entrance;
mod gate;
mod host;
mod indexes;
mod log;
pub mod members;
pub mod membership;
mod memory;
pub mod notify;
mod oidc;
pub(crate) mod outward;
mod pages;
mod passkeys;
mod personal;
mod proxies;
mod readers;
mod reviewing;
pub mod right;
mod routes;
mod rows;
mod schedule;
pub mod session;
mod snapshot;
mod stream;
mod subjects;
mod telemetry;
mod timeline;
mod tls;
mod trial;
mod visit;
mod workers;

#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum_server::Handle;
use jiff::{SignedDuration, Timestamp};

use crate::cli;
use crate::config::Serve;
use crate::failure::Failure;
use crate::home::By;
use app::App;
use members::Invited;
use right::Role;
use tls::Tls;
use workers::Workers;

/// How long a request that has begun may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long the set-up link lasts.
const SET_UP: SignedDuration = SignedDuration::from_hours(1);
/// Bytes beyond which SQLite's caches, one for each connection, grow no further.
const PAGES_IN_MEMORY: i64 = 64 << 20;

/// Runs `standing serve` until it is told to stop.
///
/// # Errors
/// When the home cannot be opened or the address not be had.
pub fn serve(folder: &Path, options: &cli::Serve) -> Result<u8, Failure> {
    let app = Arc::new(App::open(folder, options.listen)?);
    let settings = app.serve().clone();
    let _traces = telemetry::start(options.log, settings.otlp_endpoint.as_deref());
    if let Some(why) = settings.unsafe_because() {
        return Err(
            Failure::configuration(format!("cannot listen on {}: {why}", settings.listen)).hint(
                "set tls_certificate and tls_key in [serve], or public_url with https:// and the \
             proxy's address in trusted_proxies",
            ),
        );
    }
    let listener = TcpListener::bind(settings.listen).map_err(|error| {
        Failure::configuration(format!("cannot listen on {}: {error}", settings.listen))
            .hint("--listen takes another address and port")
    })?;
    listener.set_nonblocking(true)?;
    let tls = match &settings.tls {
        Some((certificate, key)) => Some(Tls::open(folder.join(certificate), folder.join(key))?),
        None => None,
    };
    greet(&app, &settings)?;
    app.home().index()?.bound_memory(PAGES_IN_MEMORY)?;
    let workers = Workers::start(&app)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let told = Arc::new(OnceLock::new());
    let done = runtime.block_on(listen(&app, tls, listener, &told));
    let left = || GRACE.saturating_sub(told.get().map_or(Duration::ZERO, Instant::elapsed));
    workers.stop(left());
    runtime.shutdown_timeout(left());
    done.map(|()| 0)
}

/// Says where the server is and, as long as nobody owns it, how to become its owner.
fn greet(app: &App, settings: &Serve) -> Result<(), Failure> {
    say!("Standing is at {}", settings.public_url);
    if app.members().has_owner() {
        return Ok(());
    }
    let link = set_up_link(app, settings)?;
    say!(
        "\nNobody owns it yet. Open this link once, within the hour, to register the first owner's \
         passkey:\n  {link}\n"
    );
    Ok(())
}

fn set_up_link(app: &App, settings: &Serve) -> Result<String, Failure> {
    let home = app.home();
    let index = home.index()?;
    let invited = Invited {
        name: "",
        email: "",
        role: Role::Owner,
        member: None,
        set_up: true,
        expires_at: Timestamp::now() + SET_UP,
    };
    let (link, entries) = members::invite(&home, &invited)?;
    members::keep(&home, &index, By::KEYBOARD, entries)?;
    app.look_again()?;
    Ok(format!("{}/join/{link}", settings.public_url))
}

/// Listens until told to stop; `told` is then when that was.
async fn listen(
    app: &Arc<App>,
    tls: Option<Tls>,
    listener: TcpListener,
    told: &Arc<OnceLock<Instant>>,
) -> Result<(), Failure> {
    let handle: Handle<SocketAddr> = Handle::new();
    tokio::spawn(stop_when_told(
        handle.clone(),
        Arc::clone(app),
        Arc::clone(told),
    ));
    let service = door::router(Arc::clone(app)).into_make_service_with_connect_info::<SocketAddr>();
    let header_time = app.serve().header_time();
    let served = match tls {
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls.config())?;
            let mut server = server.handle(handle);
            tokio::spawn(tls.keep_looking());
            limits(server.http_builder(), header_time);
            server.serve(service).await
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle);
            limits(server.http_builder(), header_time);
            server.serve(service).await
        }
    };
    served.map_err(Failure::from)
}

fn limits(
    builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>,
    header_time: Duration,
) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(header_time)
        .max_buf_size(64 << 10);
    builder
        .http2()
        .timer(hyper_util::rt::TokioTimer::new())
        .max_concurrent_streams(100)
        .keep_alive_interval(Some(Duration::from_secs(30)));
}

async fn stop_when_told(handle: Handle<SocketAddr>, app: Arc<App>, told: Arc<OnceLock<Instant>>) {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("stopping: what has begun is finished");
    let _ = told.set(Instant::now());
    app.schedule.stop();
    handle.graceful_shutdown(Some(GRACE));
}
