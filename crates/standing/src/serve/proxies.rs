//! Who asks, where proxies stand between: their word is believed only if they are ours.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::config::Serve;

/// The address beyond the proxies that are trusted: the last in the list that is none of them. What
/// stands before it was written by whoever that is, and is not looked at.
pub fn behind(peer: IpAddr, headers: &HeaderMap, serve: &Serve) -> IpAddr {
    if !serve.trusts(peer) {
        return peer;
    }
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|word| word.trim().parse::<IpAddr>());
    let mut found = peer;
    for address in forwarded.collect::<Vec<_>>().into_iter().rev() {
        match address {
            Ok(address) if serve.trusts(address) => found = address,
            Ok(address) => return address,
            // Whoever wrote this is not a proxy of ours.
            Err(_) => return found,
        }
    }
    found
}

/// Whether what is said on this connection could be overheard: it has no TLS and comes neither from
/// this machine nor from a proxy of ours, which has the TLS.
pub fn overheard(peer: IpAddr, serve: &Serve) -> bool {
    serve.tls.is_none() && !peer.to_canonical().is_loopback() && !serve.trusts(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_this_machine_and_proxies_are_answered() {
        let mut serve = Serve {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Serve::default()
        };
        let overheard = |serve: &Serve, peer: &str| super::overheard(peer.parse().unwrap(), serve);
        for (peer, is) in [
            ("127.0.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("10.1.2.3", false),
            ("192.0.2.1", true),
            ("2001:db8::1", true),
        ] {
            assert_eq!(overheard(&serve, peer), is, "{peer}");
        }
        serve.tls = Some(("a".into(), "b".into()));
        assert!(!overheard(&serve, "192.0.2.1"));
    }

    fn behind(peer: &str, lines: &[&str]) -> String {
        let serve = Serve {
            trusted_proxies: vec![
                "10.0.0.0/8".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            ..Serve::default()
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        super::behind(peer.parse().unwrap(), &headers, &serve).to_string()
    }

    #[test]
    fn the_word_of_strangers_is_not_believed() {
        assert_eq!(behind("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(behind("127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_asks() {
        assert_eq!(behind("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            behind("10.0.0.1", &["203.0.113.9, 198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            behind("10.0.0.1", &["198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            behind("10.0.0.1", &["198.51.100.7", "10.0.0.2,10.0.0.3"]),
            "198.51.100.7"
        );
        assert_eq!(behind("2001:db8::1", &["2001:db9::7"]), "2001:db9::7");
    }

    #[test]
    fn a_mapped_address_is_the_same_proxy() {
        assert_eq!(behind("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn without_a_word_or_with_nonsense_the_nearest_proxy_asks() {
        assert_eq!(behind("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(behind("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(
            behind("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"]),
            "10.0.0.2"
        );
        assert_eq!(behind("10.0.0.1", &["198.51.100.7:4711"]), "10.0.0.1");
    }
}
