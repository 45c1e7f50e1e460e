//! Names of container images. Source: <https://pkg.go.dev/github.com/distribution/reference>.

use standing_patching::Purl;

/// An image's reference taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Registry and path as written, without Docker Hub's own: `postgres`, `ghcr.io/example/api`.
    pub(super) name: String,
    /// The tag; without one the digest; without either `latest`.
    pub(super) version: String,
}

/// Images in which data lies: last part of the name, kind of store, protocol.
const STORES: [(&str, &str, &str); 20] = [
    ("postgres", "database", "postgresql"),
    ("postgresql", "database", "postgresql"),
    ("postgis", "database", "postgresql"),
    ("timescaledb", "database", "postgresql"),
    ("pgvector", "database", "postgresql"),
    ("mysql", "database", "mysql"),
    ("mariadb", "database", "mysql"),
    ("percona", "database", "mysql"),
    ("mongo", "database", "mongodb"),
    ("mongodb", "database", "mongodb"),
    ("redis", "database", "redis"),
    ("valkey", "database", "redis"),
    ("elasticsearch", "database", "https"),
    ("opensearch", "database", "https"),
    ("influxdb", "database", "https"),
    ("clickhouse-server", "database", "clickhouse"),
    ("couchdb", "database", "https"),
    ("cassandra", "database", "cql"),
    ("neo4j", "database", "bolt"),
    ("minio", "bucket", "s3"),
];

/// `None` where a variable stands in the name; a variable in the tag leaves only the tag unknown.
pub(super) fn parse(text: &str) -> Option<Image> {
    let (text, digest) = text
        .split_once('@')
        .map_or((text, None), |(t, d)| (t, Some(d)));
    let slash = text.rfind('/').map_or(0, |s| s + 1);
    let (name, tag) = match text.get(slash..)?.split_once(':') {
        Some((last, tag)) => (text.get(..slash + last.len())?, Some(tag)),
        None => (text, None),
    };
    if name.is_empty() || name.contains('$') {
        return None;
    }
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let tag = tag.map(default_of);
    Some(Image {
        name: name.strip_prefix("library/").unwrap_or(name).to_owned(),
        version: tag
            .or(digest)
            .filter(|v| !v.is_empty())
            .unwrap_or("latest")
            .to_owned(),
    })
}

/// `${TAG:-16}` is 16 where nobody says otherwise; a variable without a default stays as it is.
fn default_of(tag: &str) -> &str {
    let inner = tag.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    inner
        .and_then(|i| i.split_once(":-").or(i.split_once('-')))
        .map_or(tag, |(_, default)| default)
}

impl Image {
    fn known(&self) -> Option<&'static (&'static str, &'static str, &'static str)> {
        let last = self.name.rsplit('/').next().unwrap_or(&self.name);
        STORES.iter().find(|(name, ..)| *name == last)
    }

    /// The kind of store, where data lies in containers of this image.
    pub(super) fn stores(&self) -> Option<&'static str> {
        self.known().map(|(_, kind, _)| *kind)
    }

    /// The protocol in which its containers are usually spoken to.
    pub(super) fn protocol(&self) -> Option<&'static str> {
        let (_, _, protocol) = self.known()?;
        // Whether it is HTTP with or without encryption is the configuration's to say.
        (*protocol != "https").then_some(*protocol)
    }

    pub(super) fn purl(&self) -> String {
        let (host, path) = match self.name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) => (Some(host), path),
            _ => (None, self.name.as_str()),
        };
        let (namespace, name) = match path.rsplit_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, path),
        };
        let host = host.map(|host| ("repository_url".to_owned(), host.to_owned()));
        let purl = Purl {
            kind: "docker".into(),
            namespace,
            name: name.into(),
            version: Some(self.version.clone()),
            qualifiers: host.into_iter().collect(),
            subpath: None,
        };
        purl.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (text, name, version) in [
            ("postgres", "postgres", "latest"),
            ("postgres:16.4", "postgres", "16.4"),
            ("docker.io/library/redis:7", "redis", "7"),
            (
                "ghcr.io/example/api:1.2@sha256:00ff",
                "ghcr.io/example/api",
                "1.2",
            ),
            (
                "ghcr.io/example/api@sha256:00ff",
                "ghcr.io/example/api",
                "sha256:00ff",
            ),
            ("localhost:5000/api", "localhost:5000/api", "latest"),
            ("postgres:${PG:-16}", "postgres", "16"),
            ("postgres:$PG", "postgres", "$PG"),
        ] {
            let found = parse(text).expect(text);
            assert_eq!(
                (found.name.as_str(), found.version.as_str()),
                (name, version)
            );
        }
        assert_eq!(parse("${REGISTRY}/api:1"), None);
        assert_eq!(parse(""), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[a-z/:@$\\{\\}\\PC]{0,30}") {
            parse(&text).map(|i| (i.purl(), i.stores(), i.protocol()));
        }
    }
}
