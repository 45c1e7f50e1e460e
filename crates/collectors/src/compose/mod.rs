//! Containers as Docker Compose files declare them.
//!
//! *Architecture invariant:* `environment`, `env_file`, `secrets`, `configs`, `labels` and `command`
//! are never looked at; neither their names nor their values leave this folder.

mod image;
mod yaml;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::{Asset, Component, Flow, Store};

use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use image::Image;

/// Reads Compose files.
pub struct Compose;

static ABOUT: About = About {
    kind: "compose",
    summary: "containers, their images, stores and dependencies in Docker Compose files",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset", "component", "store", "flow"],
    settings: &[Setting {
        name: "system",
        meaning: "the system that all services of these files serve",
        default: "",
        required: false,
    }],
    how: "Copy the compose files that are really deployed, one folder for each project, without \
their .env files: neither the environment nor secrets are read, so they need not be there. Better \
still, save what docker compose config --no-interpolate prints for each project: it puts overrides \
and extends together and leaves variables unfilled. Nothing more than reading the repository is \
needed.",
};

/// YAML is read whole; a longer compose file is no compose file.
const FILE_BYTES: u64 = 2 << 20;

impl Collector for Compose {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        name.ends_with(".yml") || name.ends_with(".yaml")
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        for part in parts.list() {
            let (code, why) = match project(settings, parts, part) {
                Ok(project) => {
                    project.give(sink);
                    continue;
                }
                Err(refusal) => refusal,
            };
            if parts.list().len() == 1 {
                sink.fail(code, format!("{} {why}", part.name));
            } else if code == GapCode::TooLarge {
                sink.gap(None, code, format!("{} {why}", part.name));
            } else {
                sink.problem(&part.name, None, None, why);
            }
        }
    }
}

fn project<'a>(
    settings: &'a Settings,
    parts: &Parts<'_>,
    part: &'a Kept,
) -> Result<Project<'a>, (GapCode, String)> {
    let bytes = parts.whole(part, FILE_BYTES);
    let bytes = bytes.map_err(|e| (GapCode::Malformed, format!("cannot be read: {}", e.kind())))?;
    let too_large = || {
        (
            GapCode::TooLarge,
            "is longer than 2 MiB; no compose file is".to_owned(),
        )
    };
    let document =
        yaml::read(&bytes.ok_or_else(too_large)?).map_err(|e| (GapCode::Malformed, e))?;
    let Some(services) = document.get("services").and_then(Value::as_object) else {
        let why = "is no compose file: it has no services".to_owned();
        return Err((GapCode::Malformed, why));
    };
    let name = document
        .get("name")
        .and_then(Value::as_str)
        .filter(|n| !n.contains('$'));
    let volumes = document.get("volumes").and_then(Value::as_object);
    Ok(Project {
        name: name.map_or_else(|| folder(settings, part), str::to_owned),
        system: Some(settings.value("system")).filter(|s| !s.is_empty()),
        part: &part.name,
        services: services.clone(),
        volumes: volumes.cloned().unwrap_or_default(),
    })
}

/// Compose names a project after its folder.
fn folder(settings: &Settings, part: &Kept) -> String {
    let folder = part.name.rsplit('/').nth(1).map(str::to_owned);
    let above = || {
        let path = &settings.path;
        let path = if path.extension().is_some() {
            path.parent()?
        } else {
            path
        };
        Some(path.file_name()?.to_string_lossy().into_owned())
    };
    folder
        .or_else(above)
        .unwrap_or_else(|| settings.source.clone())
}

struct Project<'a> {
    name: String,
    system: Option<&'a str>,
    part: &'a str,
    services: Map<String, Value>,
    volumes: Map<String, Value>,
}

impl Project<'_> {
    fn give(&self, sink: &mut Sink<'_>) {
        for (name, service) in &self.services {
            let place = format!("services.{name}");
            match service.as_object() {
                Some(service) => self.service(name, service, sink),
                None => {
                    let what = "expected a service; it was left out";
                    sink.problem(self.part, None, Some(&place), what);
                }
            }
        }
        for (key, volume) in &self.volumes {
            let own = volume
                .get("name")
                .and_then(Value::as_str)
                .filter(|n| !n.contains('$'));
            let name = own.map_or_else(|| format!("{}_{key}", self.name), str::to_owned);
            sink.fact(&self.store(&format!("volumes.{key}"), name, "volume", sink));
        }
    }

    /// The name that other rows refer to: `container_name`, or project and service.
    fn named(&self, name: &str) -> String {
        let own = self
            .services
            .get(name)
            .and_then(|s| s.get("container_name")?.as_str());
        let own = own.filter(|n| !n.contains('$'));
        own.map_or_else(|| format!("{}-{name}", self.name), str::to_owned)
    }

    fn service(&self, name: &str, service: &Map<String, Value>, sink: &mut Sink<'_>) {
        let asset = self.named(name);
        sink.fact(&self.asset(name, &asset, service, sink));
        let image = service.get("image").and_then(Value::as_str);
        match image.map(image::parse) {
            Some(Some(image)) => {
                sink.fact(&component(&asset, &image));
                if let Some(kind) = image.stores() {
                    let place = format!("services.{name}");
                    sink.fact(&self.store(&place, asset.clone(), kind, sink));
                }
            }
            Some(None) => {
                let what = "the image is named by a variable, so it is not known";
                let place = format!("services.{name}.image");
                sink.problem(self.part, None, Some(&place), what);
            }
            None if service.contains_key("extends") => {
                let what = "extends another service; save what docker compose config prints";
                let place = format!("services.{name}.extends");
                sink.problem(self.part, None, Some(&place), what);
            }
            None => {
                let what = "built here; what is in the image is for a bill of materials to say";
                let place = format!("services.{name}.build");
                sink.notice(self.part, None, Some(&place), what);
            }
        }
        self.flows(name, service, sink);
    }

    fn asset(
        &self,
        name: &str,
        asset: &str,
        service: &Map<String, Value>,
        sink: &Sink<'_>,
    ) -> Asset {
        Asset {
            id: sink.id(&format!("{}/services.{name}", self.part)),
            name: asset.to_owned(),
            kind: Some("container".into()),
            system: self.system.map(str::to_owned),
            owner: None,
            os: None,
            os_version: None,
            encrypted: None,
            antimalware: None,
            antimalware_updated_on: None,
            internet_facing: internet_facing(service),
            region: None,
            last_seen_on: None,
            retired_on: None,
            kernel: None,
        }
    }

    fn store(&self, place: &str, name: String, kind: &str, sink: &Sink<'_>) -> Store {
        Store {
            id: sink.id(&format!("{}/{place}", self.part)),
            name,
            kind: Some(kind.to_owned()),
            system: self.system.map(str::to_owned),
            basis: "declared".into(),
            region: None,
            encrypted: None,
            public: None,
            approved_on: None,
        }
    }

    /// Compose says who needs whom, which is the nearest it comes to who talks to whom.
    fn flows(&self, name: &str, service: &Map<String, Value>, sink: &mut Sink<'_>) {
        let mut needed: BTreeMap<&str, &str> = BTreeMap::new();
        for key in ["depends_on", "links"] {
            match service.get(key) {
                Some(Value::Array(list)) => {
                    let names = list.iter().filter_map(Value::as_str);
                    needed.extend(names.map(|n| (n.split(':').next().unwrap_or(n), key)));
                }
                Some(Value::Object(map)) => needed.extend(map.keys().map(|n| (n.as_str(), key))),
                _ => {}
            }
        }
        for (other, key) in needed {
            let place = format!("services.{name}.{key}.{other}");
            let Some(target) = self.services.get(other) else {
                let what = "names a service that the file does not have";
                sink.notice(self.part, None, Some(&place), what);
                continue;
            };
            let image = target
                .get("image")
                .and_then(Value::as_str)
                .and_then(image::parse);
            sink.fact(&Flow {
                id: sink.id(&format!("{}/{place}", self.part)),
                origin: self.named(name),
                destination: self.named(other),
                protocol: image.and_then(|i| i.protocol()).map(str::to_owned),
                encrypted: None,
                personal: None,
                destination_region: None,
                basis: "declared".into(),
            });
        }
    }
}

fn component(asset: &str, image: &Image) -> Component {
    Component {
        asset: asset.to_owned(),
        ecosystem: "docker".into(),
        name: image.name.clone(),
        version: image.version.clone(),
        binary: None,
        purl: Some(image.purl()),
        installed_on: None,
        running: None,
    }
}

/// Nothing published, or only to the machine itself: the internet cannot reach it. Whether a
/// published port is reachable is for firewalls to say.
fn internet_facing(service: &Map<String, Value>) -> Option<bool> {
    if service.get("network_mode").and_then(Value::as_str) == Some("host") {
        return None;
    }
    let ports = service.get("ports").and_then(Value::as_array);
    let mut ports = ports.into_iter().flatten();
    ports.all(is_local).then_some(false)
}

fn is_local(port: &Value) -> bool {
    let host = match port {
        Value::String(text) if text.starts_with("[::1]:") => "::1",
        Value::String(text) if text.split(':').count() > 2 => text.split(':').next().unwrap_or(""),
        Value::Object(port) => port.get("host_ip").and_then(Value::as_str).unwrap_or(""),
        _ => "",
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|a| a.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn no_secret_of_a_recorded_file_is_in_what_was_read_of_it() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/compose/testdata"));
        let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect(path);
        for (input, expected) in [
            (
                "complete/input/clinic/compose.yaml",
                "complete/expected.txt",
            ),
            ("malformed/input/b.yml", "malformed/expected.txt"),
            ("malformed/input/d.yml", "malformed/expected.txt"),
        ] {
            assert!(read(input).contains("TOP-SECRET"), "{input}");
            assert!(!read(expected).contains("TOP-SECRET"), "{expected}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = super::yaml::read(&bytes);
        }

        #[test]
        fn no_text_panics(text in "[a-z&*<:\\[\\]\\{\\} \n-]{0,80}") {
            let _ = super::yaml::read(text.as_bytes());
        }
    }
}
