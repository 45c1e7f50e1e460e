//! The door: where HTTP becomes a [`Visit`] and a [`Reply`] becomes HTTP. Async stops here.
//!
//! What every request passes, in this order: the rate limit, the session or token, the route's
//! access, the guard against forged requests, the limits of length and time, the handler on a thread
//! of its own, the headers. A route cannot be declared without saying whom it lets in.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::app::App;
use super::members::{hash, same};
use super::pages::frame;
use super::proxies;
use super::right::{Access, Right};
use super::routes::{Route, Takes, all};
use super::stream::Streams;
use super::visit::{Answer, Body, Content, Means, Pairs, Reply, Trouble, Visit, Who};
use crate::config::Serve;

/// Longest body of a request.
const BODY: usize = 1 << 20;
/// Longest time for an answer to begin.
const TIME: Duration = Duration::from_secs(30);
/// Handlers at work at once.
const AT_WORK: usize = 64;
/// Field of every form by which it is known to come from our own page.
pub const CSRF: &str = "csrf";
/// Field of a form that names this view of it, so that a form sent twice is carried out once.
pub const ONCE: &str = "once";

/// What the door itself needs.
pub struct Door {
    app: Arc<App>,
    serve: Serve,
    at_work: Arc<Semaphore>,
    streams: Streams,
}

impl Door {
    /// The door of an app, with the settings in force at its start.
    pub fn new(app: Arc<App>) -> Self {
        let serve = app.serve().clone();
        Door {
            app,
            serve,
            at_work: Arc::new(Semaphore::new(AT_WORK)),
            streams: Streams::default(),
        }
    }
}

/// Name of the session's cookie. The prefix makes browsers insist on TLS and on this very host; on
/// loopback without TLS they would not keep it.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-standing"
    } else {
        "standing"
    }
}

/// Every route behind the door.
pub fn router(app: Arc<App>) -> Router {
    let door = Arc::new(Door::new(app));
    let mut router = Router::new();
    for route in all() {
        let here = Arc::clone(&door);
        let filter = match route.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let handler = move |parameters: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| {
            let parameters = parameters.map(|p| {
                let pairs = p.iter();
                pairs
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect()
            });
            // What is no text names nothing.
            enter(
                Arc::clone(&here),
                parameters.ok().map(|p| (route, p)),
                request,
            )
        };
        router = router.route(route.path, on(filter, handler));
    }
    let (wrong, nowhere) = (Arc::clone(&door), door);
    router
        .method_not_allowed_fallback(move |request: Request| {
            refuse(Arc::clone(&wrong), request, |path| {
                Trouble::new(
                    405,
                    "Not that way",
                    format!("{path} is not asked that way."),
                )
            })
        })
        .fallback(move |request: Request| {
            refuse(Arc::clone(&nowhere), request, |path| {
                Trouble::missing(format!("There is nothing at {path}."))
            })
        })
}

/// Answers what no route answers.
async fn refuse(door: Arc<Door>, request: Request, why: fn(&str) -> Trouble) -> Response {
    let (head, _) = request.into_parts();
    let path = head.uri.path().to_owned();
    let peer = proxies::behind(connected(&head), &head.headers, &door.serve);
    let known = known(&door, &cookies(&head.headers), &head.headers);
    let trouble = match known {
        Ok(Some(_)) => why(&path),
        _ => {
            let passes = door.app.gate.pass(peer, Instant::now());
            passes.map_or_else(too_many, |()| why(&path))
        }
    };
    super::telemetry::answered(head.method.as_str(), "", trouble.status, Duration::ZERO);
    let reply = in_trouble(None, &path, trouble, "");
    dress(&door, &path, reply)
}

/// The address at the other end of the connection.
fn connected(head: &Parts) -> IpAddr {
    let connection = head.extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map_or(IpAddr::from([127, 0, 0, 1]), |c| c.0.ip())
}

async fn enter(
    door: Arc<Door>,
    found: Option<(&'static Route, BTreeMap<String, String>)>,
    request: Request,
) -> Response {
    let Some((route, parameters)) = found else {
        return refuse(door, request, |_| {
            Trouble::missing("There is nothing of this name: its address is no text.")
        })
        .await;
    };
    let began = Instant::now();
    let id = super::members::short_name().unwrap_or_default();
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let pattern = route.path;
    let span = super::telemetry::request(&id, &method, pattern, request.headers());
    async {
        let reply = pass(&door, route, parameters, request, &id).await;
        let (status, took) = (reply.status, began.elapsed());
        super::telemetry::answered(&method, pattern, status, took);
        tracing::info!(
            status,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        dress(&door, &path, reply)
    }
    .instrument(span)
    .await
}

async fn pass(
    door: &Arc<Door>,
    route: &'static Route,
    parameters: BTreeMap<String, String>,
    request: Request,
    id: &str,
) -> Reply {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let peer = connected(&head);
    let by_proxy = door.serve.trusts(peer);
    if proxies::overheard(peer, &door.serve) {
        return in_trouble(None, &path, plainly(), id);
    }
    let peer = proxies::behind(peer, &head.headers, &door.serve);
    let cookies = cookies(&head.headers);
    let trouble = |who: Option<Who>, trouble| in_trouble(who, &path, trouble, id);

    // A proxy of ours may ask under whatever name it likes; whoever watches over the server, too.
    if route.limited
        && !by_proxy
        && let Some(answer) =
            super::host::misdirected(&head.method, &head.uri, &head.headers, &door.serve)
    {
        return answer.unwrap_or_else(|t| trouble(None, t));
    }
    let who = known(door, &cookies, &head.headers);
    // Whoever shows a token that is none is nobody too.
    if !matches!(who, Ok(Some(_)))
        && route.limited
        && let Err(wait) = door.app.gate.pass(peer, Instant::now())
    {
        return trouble(None, too_many(wait));
    }
    let who = match who {
        Ok(who) => who,
        Err(t) => return trouble(None, t),
    };
    if let Err(t) = allowed(route, who.as_ref(), &path, &head.uri) {
        return match t {
            Ok(reply) => reply,
            Err(t) => trouble(who, t),
        };
    }
    let unsafe_method = !matches!(head.method, Method::GET | Method::HEAD);
    let by_token = matches!(who.as_ref().map(|w| &w.by), Some(Means::Token { .. }));
    if unsafe_method
        && !by_token
        && let Err(t) = same_origin(&head.headers, &door.serve)
    {
        return trouble(who, t);
    }
    let bytes = match read_body(body, door.serve.body_time()).await {
        Ok(bytes) => bytes,
        Err(t) => return trouble(who, t),
    };
    // A body may take its time: whoever was ended or lost a right meanwhile is so already.
    let who = match still(door, route, who, &head, &cookies) {
        Ok(who) => who,
        Err(t) => return trouble(None, t),
    };
    let mut body = match parse(route.takes, &head.headers, &bytes)
        .and_then(|body| unforged(body, who.as_ref(), unsafe_method, &head.headers))
    {
        Ok(body) => body,
        Err(t) => return trouble(who, t),
    };
    let once = match once(&head.headers, who.as_ref(), route, &path, &bytes, &mut body) {
        Ok(once) => once,
        Err(t) => return trouble(who, t),
    };
    let visit = Visit {
        app: Arc::clone(&door.app),
        who: who.clone(),
        path: path.clone(),
        parameters,
        query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
        body,
        cookies,
        agent: agent(&head.headers),
        once,
    };
    match work(door, route, visit).await {
        Ok(reply) => reply,
        Err(t) => trouble(who, t),
    }
}

/// Runs the handler on a thread for work that blocks, bounded in number and time.
async fn work(door: &Arc<Door>, route: &'static Route, visit: Visit) -> Answer {
    let waited = tokio::time::timeout(TIME, Arc::clone(&door.at_work).acquire_owned()).await;
    let turn = waited.map_err(|_| busy())?.map_err(Trouble::ours)?;
    let span = tracing::Span::current();
    let handler = route.handle;
    // The turn ends with the work, not with the patience of whoever waits for it.
    let working = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        span.in_scope(|| handler(&visit))
    });
    match tokio::time::timeout(TIME, working).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => Err(Trouble::ours(panic)),
        Err(_) => Err(busy()),
    }
}

fn busy() -> Trouble {
    let mut trouble = Trouble::new(503, "Busy", "The server has too much to do just now.");
    trouble.retry_after = Some(2);
    trouble
}

fn plainly() -> Trouble {
    Trouble::new(
        403,
        "Not without TLS",
        "This address answers the proxies in front of it only: what is said here could be overheard.",
    )
    .hint("use the address that begins with https://")
}

fn too_many(wait: Duration) -> Trouble {
    let mut trouble = Trouble::new(
        429,
        "Too many requests",
        "There were too many requests from your address. Please wait a little.",
    );
    trouble.retry_after = Some(u16::try_from(wait.as_secs() + 1).unwrap_or(u16::MAX));
    trouble
}

/// Whoever asks, looked at again after the body has come.
fn still(
    door: &Door,
    route: &Route,
    before: Option<Who>,
    head: &Parts,
    cookies: &Pairs,
) -> Result<Option<Who>, Trouble> {
    if before.is_none() || matches!(head.method, Method::GET | Method::HEAD) {
        return Ok(before);
    }
    let who = known(door, cookies, &head.headers)?;
    match allowed(route, who.as_ref(), head.uri.path(), &head.uri) {
        Ok(()) => Ok(who),
        Err(Err(trouble)) => Err(trouble),
        Err(Ok(_)) => Err(Trouble::nobody()),
    }
}

/// Whoever the session's cookie or the token says.
fn known(door: &Door, cookies: &Pairs, headers: &HeaderMap) -> Result<Option<Who>, Trouble> {
    let (app, now) = (&door.app, Timestamp::now());
    let members = app.members();
    if let Some(token) = bearer(headers) {
        let denied = || {
            Trouble::new(
                401,
                "Token not accepted",
                "The token is unknown, ended or expired.",
            )
        };
        let token = members.token(token, now).ok_or_else(denied)?;
        let member = members.members.get(&token.member).ok_or_else(denied)?;
        return Ok(Some(Who {
            member: member.id.clone(),
            name: member.name.clone(),
            role: member.role,
            by: Means::Token {
                scopes: token.scopes.clone(),
            },
        }));
    }
    let name = cookie_name(door.serve.secure());
    let Some((_, shown)) = cookies.iter().find(|(n, _)| n == name) else {
        return Ok(None);
    };
    let Some(session) = app.sessions.find(shown, now)? else {
        return Ok(None);
    };
    // A member who was ended has no session, whatever the table says.
    let Some(member) = members.members.get(&session.member) else {
        return Ok(None);
    };
    Ok(Some(Who {
        member: member.id.clone(),
        name: member.name.clone(),
        role: member.role,
        by: Means::Session {
            proven: app.sessions.proven(&session, now),
            id: session.id,
            csrf: session.csrf,
        },
    }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

/// Whether the route lets them in; where not, what is said or where they are sent.
fn allowed(
    route: &Route,
    who: Option<&Who>,
    path: &str,
    uri: &axum::http::Uri,
) -> Result<(), Result<Reply, Trouble>> {
    let (right, proven) = match route.access {
        Access::Public => return Ok(()),
        Access::With(right) => (right, false),
        // Whoever has the other asks by it; what is said to be missing is the first.
        Access::Either(one, other) => match who {
            Some(who) if who.may(other) => (other, false),
            _ => (one, false),
        },
        Access::Proven(right) => (right, true),
    };
    let page = route.method == "GET" && !path.starts_with("/api/") && path != "/metrics";
    let back = || {
        let whole = uri.path_and_query().map_or("/", |p| p.as_str());
        let pair = [("next", whole)];
        encode(&pair)
    };
    let Some(who) = who else {
        return Err(if page {
            Ok(Reply::see(format!("/sign-in?{}", back())))
        } else {
            Err(Trouble::nobody())
        });
    };
    if !who.may(right) {
        let missing = match &who.by {
            Means::Token { .. } => format!("The token does not carry {:?}.", right.as_str()),
            Means::Session { .. } => forbidden(who, right),
        };
        return Err(Err(Trouble::forbidden(missing)));
    }
    if proven && !who.proven() {
        return Err(if page {
            Ok(Reply::see(format!("/prove?{}", back())))
        } else {
            Err(Trouble::new(
                403,
                "Please prove again who you are",
                "This asks for a proof of who you are that is only a few minutes old.",
            )
            .hint("open /prove, use your key, and try again"))
        });
    }
    Ok(())
}

fn forbidden(who: &Who, right: Right) -> String {
    format!(
        "Your role, {}, does not carry the right {:?} that this needs. An owner can change your role.",
        who.role,
        right.as_str()
    )
}

/// A request that changes something must come from our own pages. Browsers say so themselves.
fn same_origin(headers: &HeaderMap, serve: &Serve) -> Result<(), Trouble> {
    let forged = || {
        Trouble::forbidden("The request did not come from a page of this server.")
            .log("origin of the request is not ours")
    };
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin") => return Ok(()),
        Some(_) => return Err(forged()),
        None => {}
    }
    match text(header::ORIGIN) {
        Some(origin) if serve.is_origin(origin) => Ok(()),
        _ => Err(forged()),
    }
}

/// The session's own word in the form, or in a header of our scripts.
fn unforged(
    body: Body,
    who: Option<&Who>,
    unsafe_method: bool,
    headers: &HeaderMap,
) -> Result<Body, Trouble> {
    let Some(Means::Session { csrf, .. }) = who.map(|w| &w.by) else {
        return Ok(body);
    };
    if !unsafe_method {
        return Ok(body);
    }
    let from_header = headers.get("x-csrf").and_then(|v| v.to_str().ok());
    let (shown, body) = match body {
        Body::Form(pairs) => {
            let shown = pairs
                .iter()
                .find(|(n, _)| n == CSRF)
                .map(|(_, v)| v.clone());
            let rest = pairs.into_iter().filter(|(n, _)| n != CSRF).collect();
            (shown, Body::Form(rest))
        }
        other => (None, other),
    };
    match shown.as_deref().or(from_header) {
        Some(shown) if same(shown, csrf) => Ok(body),
        _ => Err(Trouble::forbidden(
            "The form is too old or did not come from a page of this server.",
        )
        .hint("go back, reload the page and try again; nothing was changed")),
    }
}

/// The request's own name for idempotency, bound to who asks, the route and what it says. A form that
/// is sent twice is one request; sent again with other words it is another, so that whoever goes back
/// and corrects a mistake is not told of names they never gave.
fn once(
    headers: &HeaderMap,
    who: Option<&Who>,
    route: &Route,
    path: &str,
    bytes: &Bytes,
    body: &mut Body,
) -> Result<Option<String>, Trouble> {
    let contents = hash(&String::from_utf8_lossy(bytes));
    let of_form = take(body, ONCE)
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}\n{contents}"));
    let of_header = headers.get("idempotency-key").map(|key| {
        key.to_str()
            .ok()
            .filter(|key| (1..=200).contains(&key.len()) && !key.contains('\t'))
            .map(str::to_owned)
            .ok_or_else(|| {
                Trouble::malformed("Idempotency-Key: expected 1 to 200 visible characters")
            })
    });
    let (Some(key), Some(who)) = (of_header.transpose()?.or(of_form), who) else {
        return Ok(None);
    };
    let bound = hash(&format!("{}\n{}\n{path}\n{key}", who.member, route.method));
    Ok(Some(format!("{}:{}", &bound[..32], &contents[..32])))
}

/// Takes a field out of a form: what the door needs, handlers do not see.
fn take(body: &mut Body, name: &str) -> Option<String> {
    let Body::Form(pairs) = body else {
        return None;
    };
    let at = pairs.iter().position(|(n, _)| n == name)?;
    Some(pairs.remove(at).1)
}

async fn read_body(body: HttpBody, time: Duration) -> Result<Bytes, Trouble> {
    let slow = || Trouble::new(408, "Too slow", "The request did not arrive in time.");
    let large = || {
        Trouble::new(
            413,
            "Too large",
            format!("The request is longer than {BODY} bytes, or broke off."),
        )
    };
    tokio::time::timeout(time, to_bytes(body, BODY))
        .await
        .map_err(|_| slow())?
        .map_err(|_| large())
}

fn parse(takes: Takes, headers: &HeaderMap, bytes: &Bytes) -> Result<Body, Trouble> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .map(str::trim);
    let wrong = |expected: &str| {
        Trouble::new(
            415,
            "Not in a form that is understood",
            format!("expected the body as {expected}"),
        )
    };
    match takes {
        Takes::Nothing => Ok(Body::None),
        Takes::Form => match kind {
            Some("application/x-www-form-urlencoded") => Ok(Body::Form(pairs(bytes))),
            None if bytes.is_empty() => Ok(Body::Form(Vec::new())),
            _ => Err(wrong("application/x-www-form-urlencoded")),
        },
        Takes::Json => match kind {
            Some("application/json") => serde_json::from_slice(bytes)
                .map(Body::Json)
                .map_err(|e| Trouble::malformed(format!("the body is not JSON: {e}"))),
            _ => Err(wrong("application/json")),
        },
    }
}

fn pairs(bytes: &[u8]) -> Pairs {
    form_urlencoded::parse(bytes).into_owned().collect()
}

/// Pairs as the part of a URL after the question mark.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(pairs);
    out.finish()
}

fn cookies(headers: &HeaderMap) -> Pairs {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn agent(headers: &HeaderMap) -> String {
    let value = headers.get(header::USER_AGENT);
    value
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// A trouble as its reader can use it: a page for people, a problem document for programs.
fn in_trouble(who: Option<Who>, path: &str, trouble: Trouble, id: &str) -> Reply {
    if trouble.status >= 500 {
        tracing::error!(status = trouble.status, log = trouble.log, "trouble");
    } else if trouble.log.is_some() {
        tracing::warn!(status = trouble.status, log = trouble.log, "refused");
    }
    let status = trouble.status;
    let wait = trouble.retry_after;
    let for_programs = ["/api/", "/passkeys/"].iter().any(|p| path.starts_with(p));
    let reply = if for_programs || path == "/metrics" {
        problem(&trouble, id)
    } else {
        frame::trouble_page(who, &trouble, id)
    };
    let reply = reply.status(status);
    let reply = match (status, path.starts_with("/api/")) {
        (401, true) => reply.header("www-authenticate", "Bearer"),
        _ => reply,
    };
    match wait {
        Some(seconds) => reply.header("retry-after", seconds.to_string()),
        None => reply,
    }
}

/// RFC 9457.
fn problem(trouble: &Trouble, id: &str) -> Reply {
    let mut body = serde_json::json!({
        "type": "about:blank",
        "title": trouble.title,
        "status": trouble.status,
        "detail": trouble.detail,
        "instance": format!("urn:standing:request:{id}"),
    });
    if let Some(hint) = &trouble.hint {
        body["hint"] = serde_json::json!(hint);
    }
    if !trouble.fields.is_empty() {
        let errors = trouble.fields.iter().map(|(field, detail)| {
            // RFC 6901: these two stand for something else in a pointer.
            let field = field.replace('~', "~0").replace('/', "~1");
            serde_json::json!({ "pointer": format!("#/{field}"), "detail": detail })
        });
        body["errors"] = errors.collect();
    }
    let mut reply = Reply::json(&body);
    reply.headers = vec![("content-type", "application/problem+json".into())];
    reply
}

/// Scripts, styles, pictures and forms of this server alone; no frame around it, nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'none'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The headers that everything bears.
fn dress(door: &Door, path: &str, reply: Reply) -> Response {
    let serve = &door.serve;
    let body = match reply.content {
        Content::Bytes(bytes) => HttpBody::from(bytes),
        Content::Static(bytes) => HttpBody::from(bytes),
        Content::Stream(writer) => match door.streams.begin(writer) {
            Some(body) => body,
            None => return dress(door, path, in_trouble(None, path, busy(), "")),
        },
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut fixed = |name: &'static str, value: &'static str| {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    };
    fixed("content-security-policy", POLICY);
    fixed("x-content-type-options", "nosniff");
    fixed("referrer-policy", "same-origin");
    fixed("cross-origin-opener-policy", "same-origin");
    fixed("cross-origin-resource-policy", "same-origin");
    fixed(
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self), \
         publickey-credentials-create=(self)",
    );
    fixed("cache-control", "no-store");
    if serve.secure() {
        fixed("strict-transport-security", "max-age=31536000");
    }
    for (name, value) in reply.headers {
        match HeaderValue::try_from(value) {
            Ok(value) if name == "set-cookie" => {
                headers.append(HeaderName::from_static(name), value);
            }
            Ok(value) => {
                headers.insert(HeaderName::from_static(name), value);
            }
            Err(_) => tracing::error!(path, name, "a header could not be written"),
        }
    }
    response
}
