//! Places where data lies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use standing_facts::tables::Store;

use super::resource::Instance;
use crate::{Kept, Sink};

/// How a type says that what it keeps is encrypted.
enum Encrypted {
    /// A truth attribute.
    By(&'static str),
    /// The provider offers no unencrypted form.
    Always,
    /// Other resources may say so.
    Elsewhere,
}

/// Type, kind, attributes that may hold the name, encryption, attribute that says *public*.
type Known = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Encrypted,
    Option<&'static str>,
);

const KNOWN: &[Known] = &[
    (
        "aws_s3_bucket",
        "bucket",
        &["bucket", "id"],
        Encrypted::Elsewhere,
        None,
    ),
    (
        "aws_db_instance",
        "database",
        &["identifier", "id"],
        Encrypted::By("storage_encrypted"),
        Some("publicly_accessible"),
    ),
    (
        "aws_rds_cluster",
        "database",
        &["cluster_identifier", "id"],
        Encrypted::By("storage_encrypted"),
        None,
    ),
    (
        "aws_redshift_cluster",
        "database",
        &["cluster_identifier", "id"],
        Encrypted::By("encrypted"),
        Some("publicly_accessible"),
    ),
    (
        "aws_docdb_cluster",
        "database",
        &["cluster_identifier", "id"],
        Encrypted::By("storage_encrypted"),
        None,
    ),
    (
        "aws_dynamodb_table",
        "database",
        &["name", "id"],
        Encrypted::Always,
        None,
    ),
    (
        "aws_elasticache_replication_group",
        "database",
        &["replication_group_id", "id"],
        Encrypted::By("at_rest_encryption_enabled"),
        None,
    ),
    (
        "aws_efs_file_system",
        "share",
        &["tags.Name", "id"],
        Encrypted::By("encrypted"),
        None,
    ),
    (
        "aws_ebs_volume",
        "volume",
        &["tags.Name", "id"],
        Encrypted::By("encrypted"),
        None,
    ),
    (
        "azurerm_storage_account",
        "bucket",
        &["name"],
        Encrypted::Always,
        None,
    ),
    (
        "azurerm_mssql_database",
        "database",
        &["name"],
        Encrypted::By("transparent_data_encryption_enabled"),
        None,
    ),
    (
        "azurerm_postgresql_flexible_server",
        "database",
        &["name"],
        Encrypted::Always,
        Some("public_network_access_enabled"),
    ),
    (
        "azurerm_mysql_flexible_server",
        "database",
        &["name"],
        Encrypted::Always,
        Some("public_network_access_enabled"),
    ),
    (
        "azurerm_cosmosdb_account",
        "database",
        &["name"],
        Encrypted::Always,
        Some("public_network_access_enabled"),
    ),
    (
        "google_sql_database_instance",
        "database",
        &["name"],
        Encrypted::Always,
        None,
    ),
    (
        "google_storage_bucket",
        "bucket",
        &["name"],
        Encrypted::Always,
        None,
    ),
    (
        "google_bigquery_dataset",
        "database",
        &["dataset_id"],
        Encrypted::Always,
        None,
    ),
];

/// Whether a type that is not read sounds as if data lay in it.
pub(super) fn may_hold_data(kind: &str) -> bool {
    const COMPLETING: [&str; 6] = ["subnet", "parameter", "policy", "iam", "user", "rule"];
    const HOLDING: [&str; 12] = [
        "redshift",
        "elasticache",
        "opensearch",
        "elasticsearch",
        "cosmosdb",
        "bigtable",
        "spanner",
        "firestore",
        "fsx",
        "neptune",
        "redis",
        "file_share",
    ];
    HOLDING.iter().any(|h| kind.contains(h)) && !COMPLETING.iter().any(|c| kind.contains(c))
}

/// Stores, and what other resources say of them.
#[derive(Default)]
pub(super) struct Stores {
    found: Vec<(String, Store)>,
    encrypted: BTreeSet<String>,
    /// Bucket → whether all four blocks against publicity are set.
    blocked: BTreeMap<String, bool>,
    public: BTreeSet<String>,
    /// Cluster → whether any of its instances is public.
    instances: BTreeMap<String, bool>,
}

impl Stores {
    /// Whether the type is one that is read here.
    pub(super) fn take(&mut self, instance: &Instance<'_>) -> bool {
        if let Some(known) = KNOWN.iter().find(|k| k.0 == instance.kind) {
            self.found.push(store(known, instance));
            return true;
        }
        self.complete(instance).is_some()
    }

    /// The name of the store that this instance is.
    pub(super) fn last_of(&self, instance: &Instance<'_>) -> Option<&str> {
        let (address, store) = self.found.last()?;
        (*address == instance.address).then_some(store.name.as_str())
    }

    /// Resources that say something of a store. `None` for all others.
    fn complete(&mut self, instance: &Instance<'_>) -> Option<()> {
        let bucket = instance.text("bucket").unwrap_or_default().to_owned();
        match instance.kind {
            "aws_s3_bucket_server_side_encryption_configuration" => {
                self.encrypted.insert(bucket);
            }
            "aws_s3_bucket_public_access_block" => {
                let blocks = [
                    "block_public_acls",
                    "block_public_policy",
                    "ignore_public_acls",
                    "restrict_public_buckets",
                ];
                let all = blocks.iter().all(|b| instance.truth(b) == Some(true));
                self.blocked.insert(bucket, all);
            }
            "aws_s3_bucket_acl" => {
                if is_public_acl(instance.text("acl")) {
                    self.public.insert(bucket);
                }
            }
            "aws_rds_cluster_instance" => {
                let cluster = instance.text("cluster_identifier").unwrap_or_default();
                let public = instance.truth("publicly_accessible").unwrap_or(false);
                *self.instances.entry(cluster.to_owned()).or_default() |= public;
            }
            "azurerm_storage_container" => {
                let account = instance.text("storage_account_name");
                let account =
                    account.or_else(|| instance.text("storage_account_id")?.rsplit('/').next());
                let access = instance.text("container_access_type").unwrap_or("private");
                if access != "private" {
                    self.public.extend(account.map(str::to_owned));
                }
            }
            "google_storage_bucket_iam_member" | "google_storage_bucket_iam_binding" => {
                let members = instance.list("members").iter().filter_map(Value::as_str);
                let mut members = members.chain(instance.text("member"));
                if members.any(|m| m == "allUsers" || m == "allAuthenticatedUsers") {
                    self.public.insert(bucket);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Keeps what completes other rows, and no row.
    pub(super) fn forget_rows(&mut self) {
        self.found.clear();
    }

    pub(super) fn give(&mut self, part: &Kept, sink: &mut Sink<'_>) {
        for (address, mut store) in std::mem::take(&mut self.found) {
            store.id = sink.id(&format!("{}/{address}", part.name));
            if self.encrypted.contains(&store.name) {
                store.encrypted = Some(true);
            }
            let own = store.public;
            store.public = match self.blocked.get(&store.name) {
                Some(true) => Some(false),
                _ if own != Some(false) && self.public.contains(&store.name) => Some(true),
                _ => own.or(self.instances.get(&store.name).copied()),
            };
            sink.fact(&store);
        }
    }
}

fn store((kind, is, names, encrypted, public): &Known, instance: &Instance<'_>) -> (String, Store) {
    let name = names.iter().find_map(|n| instance.text(n));
    let encrypted = match encrypted {
        Encrypted::By(attribute) => instance.truth(attribute),
        Encrypted::Always => Some(true),
        Encrypted::Elsewhere => {
            let inline = !instance
                .list("server_side_encryption_configuration")
                .is_empty();
            inline.then_some(true)
        }
    };
    let store = Store {
        id: String::new(),
        name: name.unwrap_or(&instance.address).to_owned(),
        kind: Some((*is).into()),
        system: instance.system(),
        basis: "declared".into(),
        region: instance.region(),
        encrypted,
        public: public
            .and_then(|p| instance.truth(p))
            .or_else(|| special(kind, instance)),
        approved_on: None,
    };
    (instance.address.clone(), store)
}

/// Types whose publicity is not one attribute.
fn special(kind: &str, instance: &Instance<'_>) -> Option<bool> {
    match kind {
        "aws_s3_bucket" => is_public_acl(instance.text("acl")).then_some(true),
        "azurerm_storage_account" => {
            let allowed = [
                "allow_nested_items_to_be_public",
                "allow_blob_public_access",
                "public_network_access_enabled",
            ];
            let refused = allowed.iter().any(|a| instance.truth(a) == Some(false));
            refused.then_some(false)
        }
        "google_storage_bucket" => {
            let prevented = instance.text("public_access_prevention") == Some("enforced");
            prevented.then_some(false)
        }
        "google_sql_database_instance" => {
            let address = "settings.0.ip_configuration.0";
            let networks = instance.list(&format!("{address}.authorized_networks"));
            let open = networks.iter().any(|n| n["value"] == "0.0.0.0/0");
            let reachable = instance.truth(&format!("{address}.ipv4_enabled"))?;
            Some(reachable && open)
        }
        _ => None,
    }
}

fn is_public_acl(acl: Option<&str>) -> bool {
    acl.is_some_and(|acl| acl.starts_with("public-read"))
}
