//! Traces by OpenTelemetry: OTLP over HTTP in protobuf, when an endpoint is set.
//!
//! Spans are handed to a thread of their own, which drops them rather than let anybody wait: a
//! collector that cannot be reached slows nothing.

use std::pin::Pin;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::serve::outward;

/// Longest time for one delivery to the collector.
const WITHIN: Duration = Duration::from_secs(5);
/// The standard's own name for the endpoint, for firms that set it for all their programs.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// The sending of traces.
pub struct Traces {
    provider: Option<SdkTracerProvider>,
}

impl Traces {
    /// To this endpoint, or to the one that the environment names, or to none.
    pub fn to(endpoint: Option<&str>) -> (Self, Option<impl Layer<Registry> + use<>>) {
        let endpoint = endpoint
            .map(str::to_owned)
            .or_else(|| std::env::var(ENDPOINT).ok().filter(|e| !e.is_empty()));
        let provider = endpoint.as_deref().and_then(provider);
        let layer = provider.as_ref().map(layer);
        (Traces { provider }, layer)
    }

    /// Sends what is left, if that can be done within so long.
    pub fn end(&mut self, within: Duration) {
        if let Some(provider) = self.provider.take() {
            // A collector that does not answer loses the last spans; nothing waits for it.
            let _ = provider.shutdown_with_timeout(within);
        }
    }
}

/// Our own spans only: those of libraries may hold addresses.
fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("standing"))
        .with_location(false)
        .with_threads(false)
        .with_filter(filter_fn(|about| {
            about.target().starts_with("standing") && *about.level() <= Level::INFO
        }))
}

fn provider(endpoint: &str) -> Option<SdkTracerProvider> {
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client {
            agent: outward::agent(&url, WITHIN),
        })
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&url)
        .with_timeout(WITHIN)
        .build();
    match exporter {
        Ok(exporter) => {
            let resource = Resource::builder().with_service_name("standing").build();
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource);
            Some(provider.build())
        }
        Err(error) => {
            eprintln!("traces are not sent: {error}");
            None
        }
    }
}

/// The span of a request. It names the pattern, never the path or the query: these may hold names and
/// secrets. Whoever asks may have begun the trace.
pub fn request(id: &str, method: &str, pattern: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.name = %format_args!("{method} {pattern}"),
        otel.kind = "server",
        request.id = %id,
        http.method = %method,
        http.route = pattern,
        http.response.status_code = tracing::field::Empty,
    );
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Without a layer for traces there is nothing to be a child.
    let _ = span.set_parent(parent);
    span
}

/// The client of the exporter: blocking, on the exporter's own thread.
#[derive(Debug)]
struct Client {
    agent: ureq::Agent,
}

impl Client {
    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let answer = self.agent.run(Request::from_parts(head, body.to_vec()))?;
        let (head, mut body) = answer.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}

impl HttpClient for Client {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(std::future::ready(self.post(request)))
    }
}
