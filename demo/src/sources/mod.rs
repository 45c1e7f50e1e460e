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
mod packages;
mod registers;
mod sbom;
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
    packages::write(world, out)?;
    sbom::write(world, out)?;
    terraform::write(world, out)?;
    compose::write(world, out)?;
    advisories::write(world, out)?;
    documents::write(world, out)
}
