//! Every collector, one line each.

use crate::Collector;

/// All kinds of source, in the order of their names.
pub static ALL: &[&dyn Collector] = &[
    &crate::aws_iam::AwsIam,
    &crate::compose::Compose,
    &crate::documents::Documents,
    &crate::dpkg::Dpkg,
    &crate::entra::Entra,
    &crate::github::Github,
    &crate::google::Google,
    &crate::graph::Graph,
    &crate::hr::Hr,
    &crate::keycloak::Keycloak,
    &crate::ldif::Ldif,
    &crate::okta::Okta,
    &crate::osv::Osv,
    &crate::register::Register,
    &crate::sbom::Sbom,
    &crate::scim::Scim,
    &crate::terraform::Terraform,
    &crate::training::Training,
    &crate::unix::Unix,
];

/// The collector of that kind.
pub fn by_kind(kind: &str) -> Option<&'static dyn Collector> {
    ALL.iter().copied().find(|c| c.about().kind == kind)
}
