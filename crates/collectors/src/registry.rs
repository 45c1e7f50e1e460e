//! Every collector, one line each.

use crate::Collector;

/// All kinds of source, in the order of their names.
pub static ALL: &[&dyn Collector] = &[
    &crate::apk::Apk,
    &crate::aws::Aws,
    &crate::aws_iam::AwsIam,
    &crate::bamboohr::BambooHr,
    &crate::compose::Compose,
    &crate::devices::Devices,
    &crate::documents::Documents,
    &crate::dpkg::Dpkg,
    &crate::entra::Entra,
    &crate::github::Github,
    &crate::google::Google,
    &crate::graph::Graph,
    &crate::hibob::HiBob,
    &crate::hr::Hr,
    &crate::hr_sql::HrSql,
    &crate::keycloak::Keycloak,
    &crate::ldap::Ldap,
    &crate::ldif::Ldif,
    &crate::lockfiles::Lockfiles,
    &crate::mysql::MySql,
    &crate::okta::Okta,
    &crate::osquery::Osquery,
    &crate::osv::Osv,
    &crate::package_registry::PackageRegistry,
    &crate::personio::Personio,
    &crate::postgresql::Postgresql,
    &crate::register::Register,
    &crate::releases::ReleaseDays,
    &crate::rpm::Rpm,
    &crate::sbom::Sbom,
    &crate::scanner::Scanner,
    &crate::scim::Scim,
    &crate::support::SupportDates,
    &crate::terraform::Terraform,
    &crate::training::Training,
    &crate::unix::Unix,
];

/// The collector of that kind.
pub fn by_kind(kind: &str) -> Option<&'static dyn Collector> {
    ALL.iter().copied().find(|c| c.about().kind == kind)
}
