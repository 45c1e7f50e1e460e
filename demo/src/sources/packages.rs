//! `packages/NAME/var/lib/dpkg/status` and `etc/os-release`: what is installed on each server.

use std::fmt::Write as _;
use std::io;

use crate::hosts::{Server, UNPATCHED};
use crate::out::Out;
use crate::world::World;

/// Role, binary package, source package, version and section, one package a line.
const LIST: &str = include_str!("../../data/debian-13.txt");

/// The version of openssl that holds the fix, and the one before it.
pub(crate) const FIXED: &str = "3.5.4-1~deb13u2";
const BEFORE: &str = "3.5.4-1~deb13u1";

const OS_RELEASE: &str = "\
PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"
NAME=\"Debian GNU/Linux\"
VERSION_ID=\"13\"
VERSION=\"13 (trixie)\"
VERSION_CODENAME=trixie
ID=debian
HOME_URL=\"https://www.debian.org/\"
";

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    for server in &world.servers {
        let folder = format!("packages/{}", server.name);
        out.write(&format!("{folder}/etc/os-release"), OS_RELEASE)?;
        let status = status(world, server);
        out.write(&format!("{folder}/var/lib/dpkg/status"), status)?;
    }
    Ok(())
}

fn status(world: &World, server: &Server) -> String {
    let unpatched = server.name == UNPATCHED && world.fault("fix-not-installed");
    let mut text = String::new();
    for line in LIST.lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [role, package, source, version, section] = fields[..] else {
            continue;
        };
        if role != "all" && role != server.role {
            continue;
        }
        let version = if unpatched && source == "openssl" {
            BEFORE
        } else {
            version
        };
        stanza(&mut text, package, source, version, section);
    }
    text
}

fn stanza(text: &mut String, package: &str, source: &str, version: &str, section: &str) {
    let priority = if section == "admin" {
        "important"
    } else {
        "optional"
    };
    let _ = writeln!(
        text,
        "Package: {package}\nStatus: install ok installed\nPriority: {priority}\nSection: {section}"
    );
    let _ = writeln!(
        text,
        "Maintainer: Debian Packagers (invented) <packagers@debian.example>\nArchitecture: amd64"
    );
    if source != package {
        let _ = writeln!(text, "Source: {source}");
    }
    let _ = writeln!(
        text,
        "Version: {version}\nDescription: part of the demonstration\n As found on a server of an \
         invented supplier.\n"
    );
}
