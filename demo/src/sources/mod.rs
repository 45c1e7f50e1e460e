//! One file a source: each writes what its system would export.

use std::io;

use crate::out::Out;
use crate::world::World;

mod advisories;
mod application;
pub(crate) mod aws;
mod compose;
mod devices;
mod directory;
mod documents;
pub(crate) mod entra;
mod hr;
mod lockfiles;
mod packages;
mod registers;
mod sbom;
pub(crate) mod scanners;
mod stores;
mod terraform;
mod training;
mod unix;

/// Every source, one line each.
pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    hr::write(world, out)?;
    entra::write(world, out)?;
    entra::write_partner(world, out)?;
    directory::write(world, out)?;
    aws::write(world, out)?;
    application::write(world, out)?;
    unix::write(world, out)?;
    training::write(world, out)?;
    registers::write(world, out)?;
    devices::write(world, out)?;
    stores::write(world, out)?;
    with_a_past(world, out)?;
    sbom::write(world, out)?;
    terraform::write(world, out)?;
    compose::write(world, out)?;
    documents::write(world, out)
}

/// The sources that were read through the year.
pub(crate) const WITH_A_PAST: &[&str] = &["lockfiles", "packages", "scanner"];

/// These sources and the mirror of advisories, as they were on the day that the world shows; what they
/// were before is taken away.
pub(crate) fn with_a_past(world: &World, out: &mut Out) -> io::Result<()> {
    for folder in WITH_A_PAST.iter().chain(&["advisories"]) {
        out.clear(folder)?;
    }
    advisories::write(world, out)?;
    lockfiles::write(world, out)?;
    packages::write(world, out)?;
    scanners::write(world, out)
}
