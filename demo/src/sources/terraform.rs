//! `terraform/production.tfstate`: the infrastructure as it was last applied, with the passwords
//! that such files hold.

use std::io;

use serde_json::{Value, json};

use super::stores::{STORES, UNREGISTERED};
use crate::firm;
use crate::hosts::Server;
use crate::out::Out;
use crate::world::World;

const PROVIDER: &str = "provider[\"registry.terraform.io/hashicorp/aws\"]";
const ACCOUNT: &str = "123456789012";

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut resources = Vec::new();
    for (name, kind, system) in STORES {
        match kind {
            "database" => resources.push(database(world, name, system)),
            _ => resources.extend(bucket(name, system)),
        }
    }
    if world.fault("store-not-registered") {
        resources.extend(bucket(UNREGISTERED, firm::TRIAGE));
    }
    resources.extend(world.servers.iter().map(server));
    let state = json!({
        "version": 4,
        "terraform_version": "1.13.5",
        "serial": 412,
        "lineage": world.rng("terraform").uuid(),
        "outputs": {"connection": {"value": "postgresql://invented", "type": "string",
            "sensitive": true}},
        "resources": resources,
        "check_results": null,
    });
    let text = serde_json::to_string_pretty(&state).unwrap_or_default();
    out.write("terraform/production.tfstate", text)
}

fn resource(kind: &str, name: &str, attributes: &Value) -> Value {
    json!({
        "mode": "managed",
        "type": kind,
        "name": name.replace(['-', '.'], "_"),
        "provider": PROVIDER,
        "instances": [{"schema_version": 0, "attributes": attributes}],
    })
}

fn tags(name: &str, system: &str) -> Value {
    json!({"Name": name, "System": system, "data-classification": "special-category",
        "managed-by": "terraform"})
}

fn database(world: &World, name: &str, system: &str) -> Value {
    let mut rng = world.rng(name);
    let attributes = json!({
        "arn": format!("arn:aws:rds:eu-west-2:{ACCOUNT}:db:{name}"),
        "availability_zone": "eu-west-2a",
        "backup_retention_period": 35,
        "engine": "postgres",
        "engine_version": "17.6",
        "id": format!("db-{}", rng.hex(10).to_uppercase()),
        "identifier": name,
        "multi_az": true,
        "password": "invented-and-of-no-use",
        "publicly_accessible": false,
        "storage_encrypted": true,
        "tags": tags(name, system),
        "tags_all": tags(name, system),
        "username": "larkfield",
    });
    resource("aws_db_instance", name, &attributes)
}

/// The bucket, its encryption and its locks against publicity: three resources.
fn bucket(name: &str, system: &str) -> [Value; 3] {
    let own = json!({
        "arn": format!("arn:aws:s3:::{name}"),
        "bucket": name,
        "id": name,
        "region": "eu-west-2",
        "tags": tags(name, system),
        "tags_all": tags(name, system),
    });
    let rule = json!([{"apply_server_side_encryption_by_default":
        [{"sse_algorithm": "aws:kms", "kms_master_key_id": ""}]}]);
    let encrypted = json!({"bucket": name, "id": name, "rule": rule});
    let blocked = json!({
        "bucket": name,
        "id": name,
        "block_public_acls": true,
        "block_public_policy": true,
        "ignore_public_acls": true,
        "restrict_public_buckets": true,
    });
    [
        resource("aws_s3_bucket", name, &own),
        resource(
            "aws_s3_bucket_server_side_encryption_configuration",
            name,
            &encrypted,
        ),
        resource("aws_s3_bucket_public_access_block", name, &blocked),
    ]
}

fn server(server: &Server) -> Value {
    let public = if server.internet_facing {
        &server.address
    } else {
        ""
    };
    let tags = json!({"Name": server.name, "System": server.system});
    let attributes = json!({
        "ami": "ami-0invented",
        "availability_zone": "eu-west-2b",
        "id": format!("i-{:0>17}", server.name.replace("lkf-", "").replace('-', "")),
        "instance_type": "m7i.large",
        "private_ip": server.address,
        "public_ip": public,
        "root_block_device": [{"encrypted": true, "volume_size": 40}],
        "ebs_block_device": [],
        "tags": tags,
        "tags_all": tags,
    });
    resource("aws_instance", &server.name, &attributes)
}
