//! A server answers under its own name only: a page of another name that resolves to this address must
//! not be taken for ours by a browser, and passkeys work under the one name that they are bound to.

use axum::http::{HeaderMap, Method, Uri, header};

use super::visit::{Reply, Trouble};
use crate::config::Serve;

/// Why a request under this name is not answered as asked: a person is sent to the right name, a
/// program is told. `None` where the name is ours, where nobody said one, or where the request shows a
/// token, which no foreign page can know.
pub fn misdirected(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    serve: &Serve,
) -> Option<Result<Reply, Trouble>> {
    if headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let named = uri.authority().map(|a| a.as_str()).or_else(|| {
        headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
    })?;
    let ours = serve.authority();
    if named.eq_ignore_ascii_case(ours) || without_usual_port(named) == without_usual_port(ours) {
        return None;
    }
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    Some(if *method == Method::GET && !path.starts_with("/api/") {
        Ok(Reply::see(format!("{}{path}", serve.public_url)))
    } else {
        Err(Trouble::new(
            421,
            "Asked under another name",
            format!("This server is {}.", serve.public_url),
        ))
    })
}

fn without_usual_port(name: &str) -> String {
    name.trim_end_matches(":443")
        .trim_end_matches(":80")
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, host: &str, path: &str) -> Option<Result<Reply, Trouble>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        misdirected(&method, &path.parse().unwrap(), &headers, &Serve::default())
    }

    #[test]
    fn a_person_is_sent_to_the_right_name_and_a_form_is_refused() {
        assert!(asked(Method::GET, "localhost:8080", "/").is_none());
        assert!(asked(Method::POST, "LOCALHOST:8080", "/").is_none());
        let sent = asked(Method::GET, "127.0.0.1:8080", "/items?q=1").unwrap();
        let place = sent.ok().unwrap().headers.remove(0).1;
        assert_eq!(place, "http://localhost:8080/items?q=1");
        let refused = asked(Method::POST, "evil.example:8080", "/sign-in").unwrap();
        assert_eq!(refused.err().unwrap().status, 421);
        let refused = asked(Method::GET, "evil.example:8080", "/api/v1/standing").unwrap();
        assert_eq!(refused.err().unwrap().status, 421);
    }

    #[test]
    fn whoever_shows_a_token_may_use_any_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "10.0.0.1:8080".parse().unwrap());
        headers.insert(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        let path = "/api/v1/standing".parse().unwrap();
        assert!(misdirected(&Method::POST, &path, &headers, &Serve::default()).is_none());
    }
}
