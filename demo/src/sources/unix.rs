//! `hosts/NAME/etc/…`: the local accounts of each server.
//!
//! People come in through the directory and by certificate; what stands here belongs to the machine,
//! and to the days before, closed.

use std::fmt::Write as _;
use std::io;

use crate::hosts::Server;
use crate::out::Out;
use crate::world::World;

/// Login, number, home.
const SYSTEM: [(&str, u32, &str); 19] = [
    ("root", 0, "/root"),
    ("daemon", 1, "/usr/sbin"),
    ("bin", 2, "/bin"),
    ("sys", 3, "/dev"),
    ("games", 5, "/usr/games"),
    ("man", 6, "/var/cache/man"),
    ("lp", 7, "/var/spool/lpd"),
    ("mail", 8, "/var/mail"),
    ("news", 9, "/var/spool/news"),
    ("proxy", 13, "/bin"),
    ("www-data", 33, "/var/www"),
    ("backup", 34, "/var/backups"),
    ("list", 38, "/var/list"),
    ("irc", 39, "/run/ircd"),
    ("_apt", 42, "/nonexistent"),
    ("nobody", 65_534, "/nonexistent"),
    ("systemd-network", 998, "/"),
    ("messagebus", 997, "/nonexistent"),
    ("sshd", 996, "/run/sshd"),
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("unix");
    let former: Vec<&crate::world::Person> = world
        .people
        .iter()
        .filter(|p| !p.current() && p.department != "Support")
        .collect();
    for server in &world.servers {
        let mut files = Files::default();
        for (login, number, home) in SYSTEM {
            files.system(login, number, home);
        }
        for (login, number) in services(server) {
            files.system(login, *number, "/var/lib/service");
        }
        files.deploy();
        if let Some(person) = former.get(rng.between(0, 9) as usize) {
            files.closed(world, person);
        }
        files.write(server, out)?;
    }
    Ok(())
}

fn services(server: &Server) -> &'static [(&'static str, u32)] {
    match server.role {
        "db" => &[("postgres", 105)],
        "queue" => &[("rabbitmq", 106), ("redis", 107)],
        "web" | "triage" => &[("larkfield", 990)],
        "app" => &[("larkfield", 990)],
        _ => &[],
    }
}

#[derive(Default)]
struct Files {
    passwd: String,
    shadow: String,
    group: String,
    people: u32,
}

impl Files {
    fn line(&mut self, login: &str, number: u32, name: &str, home: &str, shell: &str) {
        let _ = writeln!(
            self.passwd,
            "{login}:x:{number}:{number}:{name}:{home}:{shell}"
        );
        let _ = writeln!(self.group, "{login}:x:{number}:");
    }

    /// An account of the machine: no password, no shell. Not even root signs in.
    fn system(&mut self, login: &str, number: u32, home: &str) {
        self.line(login, number, login, home, "/usr/sbin/nologin");
        let _ = writeln!(self.shadow, "{login}:*:20100:0:99999:7:::");
    }

    /// The account by which releases are rolled out; its keys are the build server's.
    fn deploy(&mut self) {
        self.line("deploy", 995, "Releases", "/srv/deploy", "/bin/bash");
        self.shadow.push_str("deploy:!:20100:0:99999:7:::\n");
        self.group.push_str("sudo:x:27:deploy\n");
    }

    /// Somebody's account from the days before the directory, locked and expired.
    fn closed(&mut self, world: &World, person: &crate::world::Person) {
        self.people += 1;
        let number = 1_000 + self.people;
        let home = format!("/home/{}", person.login);
        self.line(&person.login, number, &person.name(), &home, "/bin/bash");
        let epoch = jiff::civil::date(1970, 1, 1);
        let ended = epoch.until((jiff::Unit::Day, world.ago(800)));
        let ended = ended.map_or(1, |span| span.get_days());
        let changed = ended - 90;
        let _ = writeln!(
            self.shadow,
            "{}:!set:{changed}:0:99999:7::{ended}:",
            person.login
        );
    }

    fn write(&self, server: &Server, out: &mut Out) -> io::Result<()> {
        let folder = format!("hosts/{}/etc", server.name);
        out.write(&format!("{folder}/passwd"), &self.passwd)?;
        out.write(&format!("{folder}/shadow"), &self.shadow)?;
        out.write(&format!("{folder}/group"), &self.group)?;
        out.write(&format!("{folder}/sudoers"), SUDOERS)?;
        out.write(&format!("{folder}/sudoers.d/deploy"), DEPLOY)
    }
}

const SUDOERS: &str = "\
# Managed by the platform team; see the page on servers.
Defaults\tenv_reset
Defaults\tmail_badpass
Defaults\tsecure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"

root\tALL=(ALL:ALL) ALL

@includedir /etc/sudoers.d
";

const DEPLOY: &str = "\
Cmnd_Alias RELEASE = /usr/bin/systemctl restart larkfield, \\
                     /usr/bin/systemctl reload nginx
deploy ALL=(root) NOPASSWD: RELEASE
";
