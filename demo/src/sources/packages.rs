//! `packages/NAME/…`: what dpkg keeps on each server, the release of Debian and the kernel that runs.

use std::fmt::Write as _;
use std::io;

use jiff::civil::Date;

use crate::fixes::on_server;
use crate::hosts::{NOT_RESTARTED, Server, VANISHED, vanished};
use crate::out::Out;
use crate::world::World;

/// Role, binary package, source package, version and section, one package a line.
const LIST: &str = include_str!("../../data/debian-13.txt");

/// The source of the packages that hold a kernel, and the version that the list gives it.
const KERNEL: (&str, &str) = ("linux-signed-amd64", "6.12.57");

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
    let gone = vanished(world);
    for server in world.servers.iter().chain(&gone) {
        let folder = format!("packages/{}", server.name);
        let host = Host::of(world, server);
        out.write(&format!("{folder}/etc/os-release"), OS_RELEASE)?;
        out.write(&format!("{folder}/var/lib/dpkg/status"), host.status())?;
        out.write(&format!("{folder}/uname-r.txt"), host.running())?;
        let log = host.log();
        if !log.is_empty() {
            out.write(&format!("{folder}/var/log/dpkg.log"), log)?;
        }
    }
    Ok(())
}

/// One line of the list.
#[derive(Clone, Copy)]
struct Package {
    name: &'static str,
    source: &'static str,
    version: &'static str,
    section: &'static str,
}

/// A server on the day that the world shows.
struct Host<'w> {
    world: &'w World,
    server: &'w Server,
    packages: Vec<Package>,
    /// Versions of kernels, the one that runs first.
    kernels: Vec<&'w str>,
}

impl<'w> Host<'w> {
    fn of(world: &'w World, server: &'w Server) -> Self {
        let lines = LIST.lines().filter_map(|line| {
            let fields: Vec<&'static str> = line.split(' ').collect();
            let [role, name, source, version, section] = fields[..] else {
                return None;
            };
            let is_here = match server.name.as_str() {
                VANISHED => source == "openssl",
                _ => role == "all" || role == server.role,
            };
            is_here.then_some(Package {
                name,
                source,
                version,
                section,
            })
        });
        let kernels = on_server(world, server, "linux").iter();
        let mut kernels: Vec<&str> = kernels.map(|v| v.version.as_str()).collect();
        // Elsewhere the old one went when the new one ran.
        if server.name != NOT_RESTARTED {
            kernels = kernels.pop().into_iter().collect();
        }
        Host {
            world,
            server,
            packages: lines.collect(),
            kernels,
        }
    }

    fn status(&self) -> String {
        let mut text = String::new();
        for package in &self.packages {
            if package.source == KERNEL.0 {
                self.kernel(package, &mut text);
                continue;
            }
            let had = on_server(self.world, self.server, package.source);
            let version = had.last().map_or(package.version, |v| &v.version);
            stanza(&mut text, package, package.name, version);
        }
        text
    }

    /// A kernel has the version in its name, and the metapackage names the newest.
    fn kernel(&self, package: &Package, text: &mut String) {
        let is_kernel = package.name.contains(KERNEL.1);
        let newest = self.kernels.len().saturating_sub(1);
        let skipped = if is_kernel { 0 } else { newest };
        for version in self.kernels.iter().skip(skipped) {
            let name = package.name.replace(KERNEL.1, number(version));
            stanza(text, package, &name, version);
        }
    }

    /// What `uname -r` prints.
    fn running(&self) -> String {
        let kernel = self.kernels.first().map_or(KERNEL.1, |v| number(v));
        format!("{kernel}+deb13-amd64\n")
    }

    /// What dpkg's log still says: older lines were rotated away.
    fn log(&self) -> String {
        let mut lines: Vec<(Date, String)> = Vec::new();
        for package in &self.packages {
            for pair in on_server(self.world, self.server, package.source).windows(2) {
                let [before, after] = pair else { continue };
                if after.logged {
                    let on = self.world.ago(after.from);
                    let (old, new) = (&before.version, &after.version);
                    let what = format!("06:25:10 upgrade {}:amd64 {old} {new}", package.name);
                    lines.push((on, what));
                }
            }
        }
        lines.sort();
        lines
            .into_iter()
            .fold(String::new(), |mut text, (on, what)| {
                let _ = writeln!(text, "{on} {what}");
                text
            })
    }
}

/// `6.12.57` of `6.12.57+1`.
fn number(version: &str) -> &str {
    version.split('+').next().unwrap_or(version)
}

fn stanza(text: &mut String, package: &Package, name: &str, version: &str) {
    let priority = if package.section == "admin" {
        "important"
    } else {
        "optional"
    };
    let section = package.section;
    let _ = writeln!(
        text,
        "Package: {name}\nStatus: install ok installed\nPriority: {priority}\nSection: {section}"
    );
    let _ = writeln!(
        text,
        "Maintainer: Debian Packagers (invented) <packagers@debian.example>\nArchitecture: amd64"
    );
    if package.source != name {
        let _ = writeln!(text, "Source: {}", package.source);
    }
    let _ = writeln!(
        text,
        "Version: {version}\nDescription: part of the demonstration\n As found on a server of an \
         invented supplier.\n"
    );
}
