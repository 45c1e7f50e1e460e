//! Users and groups of a directory, asked over LDAP.
//!
//! What comes is kept as `ldapsearch` would have written it, with the search's own result at its end, and
//! is read and judged as every other export in LDIF.

mod door;
mod pages;
mod written;

use crate::sql::{CA_FILE, PASSWORD_ENV, PASSWORD_FILE};
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks a directory for its users and groups.
pub struct Ldap;

static ABOUT: About = About {
    kind: "ldap",
    summary: "users and groups of Active Directory, Samba, OpenLDAP and their kin, asked over LDAP",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "grant"],
    settings: &[
        Setting {
            name: "url",
            meaning: "the server: ldaps://HOST or ldaps://HOST:PORT; ldap:// only with starttls or on \
                      this machine",
            default: "",
            required: true,
        },
        Setting {
            name: "starttls",
            meaning: "yes to encrypt a connection that begins as ldap://",
            default: "no",
            required: false,
        },
        Setting {
            name: "bind_dn",
            meaning: "who asks: a distinguished name or, of Active Directory, user@domain; one that \
                      may read users and groups and nothing else",
            default: "",
            required: true,
        },
        PASSWORD_FILE,
        PASSWORD_ENV,
        CA_FILE,
        Setting {
            name: "base_dn",
            meaning: "the entry below which everything is looked at",
            default: "",
            required: true,
        },
        Setting {
            name: "page_size",
            meaning: "how many entries are asked for at a time",
            default: "500",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this directory; the source's own otherwise",
            default: "",
            required: false,
        },
    ],
    how: "Make an ordinary account for this purpose; it needs no administrator's rights and no group \
beyond what every user has. In Active Directory every user may read the attributes that are asked; in \
OpenLDAP give it read on people and groups (access to * by dn.exact=… read), but not on userPassword. \
Put its password in a file (mode 0600). The connection is ldaps, or ldap with starttls, and the \
certificate must be believed; name your own authority with ca_file. Passwords, their hashes and their \
history are never asked for. Raise a size limit that is smaller than the directory for this account: a \
search that a limit cut off is never complete.",
};

impl Collector for Ldap {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let mut session = line.ldap()?;
        let base = line.settings().value("base_dn").to_owned();
        let size = pages::size(line.settings().value("page_size"))?;
        let directory = pages::all(&mut session, line, &base, size);
        line.keep("directory.ldif", &directory)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let system = match settings.value("system") {
            "" => &settings.source,
            system => system,
        };
        crate::ldif::read(system, parts, sink);
    }
}
