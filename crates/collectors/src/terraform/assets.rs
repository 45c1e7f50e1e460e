//! Machines.

use std::collections::BTreeSet;

use serde_json::Value;
use standing_facts::tables::Asset;

use super::resource::Instance;
use crate::{Kept, Sink};

/// Machines, and what other resources say of them.
#[derive(Default)]
pub(super) struct Assets {
    /// Address, the provider's id, the row.
    found: Vec<(String, String, Asset)>,
    /// Ids of instances that an elastic address points to.
    addressed: BTreeSet<String>,
    /// Whether anything in the state may carry traffic to a machine without an address of its own.
    balanced: bool,
}

impl Assets {
    /// Whether the type is one that is read here.
    pub(super) fn take(&mut self, instance: &Instance<'_>) -> bool {
        const BALANCING: [&str; 8] = [
            "aws_lb",
            "aws_alb",
            "aws_elb",
            "aws_cloudfront",
            "azurerm_lb",
            "azurerm_application_gateway",
            "azurerm_frontdoor",
            "google_compute_",
        ];
        let facing = match instance.kind {
            "aws_instance" => by_address(instance, "public_ip"),
            "azurerm_linux_virtual_machine" | "azurerm_windows_virtual_machine" => {
                by_address(instance, "public_ip_address")
            }
            "google_compute_instance" => google(instance),
            "aws_eip" | "aws_eip_association" => {
                let id = instance.text("instance").or(instance.text("instance_id"));
                self.addressed.extend(id.map(str::to_owned));
                return true;
            }
            kind => {
                self.balanced |= BALANCING.iter().any(|b| kind.starts_with(b))
                    && (!kind.starts_with("google") || kind.ends_with("forwarding_rule"));
                return false;
            }
        };
        let id = instance.text("id").unwrap_or_default().to_owned();
        self.found
            .push((instance.address.clone(), id, asset(instance, facing)));
        true
    }

    /// Keeps what completes other rows, and no row.
    pub(super) fn forget_rows(&mut self) {
        self.found.clear();
    }

    /// Without an address of its own a machine behind a balancer may still be reached: unknown.
    pub(super) fn give(&mut self, part: &Kept, sink: &mut Sink<'_>) {
        for (address, id, mut asset) in std::mem::take(&mut self.found) {
            asset.id = sink.id(&format!("{}/{address}", part.name));
            if self.addressed.contains(&id) {
                asset.internet_facing = Some(true);
            } else if self.balanced && asset.internet_facing == Some(false) {
                asset.internet_facing = None;
            }
            sink.fact(&asset);
        }
    }
}

fn by_address(instance: &Instance<'_>, attribute: &str) -> Option<bool> {
    let addressed = instance.text(attribute).is_some();
    instance.has(attribute).then_some(addressed)
}

fn google(instance: &Instance<'_>) -> Option<bool> {
    let interfaces = instance.list("network_interface");
    let is_open = |i: &Value| i["access_config"].as_array().is_some_and(|a| !a.is_empty());
    (!interfaces.is_empty()).then(|| interfaces.iter().any(is_open))
}

fn asset(instance: &Instance<'_>, internet_facing: Option<bool>) -> Asset {
    let tag = instance.tag(&["name"]).map(|(_, value)| value);
    let name = match instance.kind {
        "aws_instance" => tag.or(instance.text("id")),
        _ => instance.text("name"),
    };
    let system = instance.system();
    Asset {
        id: String::new(),
        name: name.unwrap_or(&instance.address).to_owned(),
        kind: Some("server".into()),
        system,
        owner: None,
        os: match instance.kind {
            "azurerm_windows_virtual_machine" => Some("windows".into()),
            _ => None,
        },
        os_version: None,
        encrypted: encrypted(instance),
        antimalware: None,
        antimalware_updated_on: None,
        internet_facing,
        region: instance.region(),
        last_seen_on: None,
        retired_on: None,
        kernel: None,
    }
}

/// Google encrypts every disk. Elsewhere all of a machine's disks must say so.
fn encrypted(instance: &Instance<'_>) -> Option<bool> {
    if instance.kind == "google_compute_instance" {
        return Some(true);
    }
    let disks = ["root_block_device", "ebs_block_device"];
    let mut said = disks
        .iter()
        .flat_map(|d| instance.list(d))
        .map(|d| d["encrypted"].as_bool());
    said.try_fold(None, |so_far, disk| {
        disk.map(|disk| Some(so_far.unwrap_or(true) && disk))
    })?
}
