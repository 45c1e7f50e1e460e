//! What surrounds every page.

use askama::Template;

use crate::serve::assets;
use crate::serve::right::Right;
use crate::serve::visit::{Means, Reply, Trouble, Visit, Who};

/// What every page shows around its own matter.
pub struct Frame {
    /// The firm.
    pub organisation: String,
    /// Whoever looks, if they said who they are.
    pub who: Option<Who>,
    /// Which place of the navigation this is: its path.
    pub here: &'static str,
    /// Where the parts of the program lie.
    pub assets: &'static str,
    /// The entry that the form before this page brought about.
    pub kept: Option<u64>,
    /// Why `standing.toml` as it is now is not in force.
    pub fault: Option<String>,
    /// Seconds after which the page is to be asked for again.
    pub again: Option<u16>,
}

/// A place of the navigation.
pub struct Place {
    /// Where.
    pub path: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Any of these opens it.
    rights: &'static [Right],
}

/// The places, in their order.
const PLACES: &[Place] = &[
    Place {
        path: "/",
        name: "Standing",
        rights: &[Right::Read],
    },
    Place {
        path: "/items",
        name: "Items",
        rights: &[Right::Read],
    },
    Place {
        path: "/checks",
        name: "Checks",
        rights: &[Right::Read],
    },
    Place {
        path: "/sources",
        name: "Sources",
        rights: &[Right::Read],
    },
    Place {
        path: "/people",
        name: "People",
        rights: &[Right::ReadPersonal],
    },
    Place {
        path: "/reviews",
        name: "Reviews",
        rights: &[Right::ReadPersonal, Right::Review],
    },
    Place {
        path: "/systems",
        name: "Systems",
        rights: &[Right::Read],
    },
    Place {
        path: "/patching",
        name: "Fixes",
        rights: &[Right::Read],
    },
    Place {
        path: "/calendar",
        name: "Calendar",
        rights: &[Right::Read],
    },
    Place {
        path: "/log",
        name: "Log",
        rights: &[Right::Read],
    },
    Place {
        path: "/settings",
        name: "Settings",
        rights: &[Right::Read],
    },
];

impl Frame {
    /// The frame of a page at this place of the navigation.
    pub fn of(visit: &Visit, here: &'static str) -> Self {
        let snapshot = visit.app.snapshot_if_any();
        Frame {
            organisation: visit.app.home().config.organisation.clone(),
            who: visit.who.clone(),
            here,
            assets: assets::version(),
            kept: visit.asked("kept").and_then(|entry| entry.parse().ok()),
            fault: snapshot.and_then(|s| s.fault.clone()),
            again: None,
        }
    }

    /// The places that whoever looks may go to.
    pub fn places(&self) -> impl Iterator<Item = &'static Place> + '_ {
        let who = self.who.as_ref();
        PLACES.iter().filter(move |place| {
            who.is_some_and(|w| place.rights.iter().any(|right| w.may(*right)))
        })
    }

    /// Whether whoever looks has the right, by its word: for templates.
    pub fn may(&self, right: &str) -> bool {
        Right::parse(right)
            .zip(self.who.as_ref())
            .is_some_and(|(right, who)| who.may(right))
    }

    /// A name for this view of a form, so that a form sent twice is carried out once. Empty where the
    /// machine gives no randomness: then nothing guards against it.
    pub fn once(&self) -> String {
        crate::serve::members::short_name().unwrap_or_default()
    }

    /// What every form must send back.
    pub fn csrf(&self) -> &str {
        match self.who.as_ref().map(|w| &w.by) {
            Some(Means::Session { csrf, .. }) => csrf,
            _ => "",
        }
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    frame: Frame,
    trouble: &'a Trouble,
    id: &'a str,
}

/// The page of a trouble.
pub fn trouble_page(who: Option<Who>, trouble: &Trouble, id: &str) -> Reply {
    let frame = Frame {
        organisation: String::new(),
        who,
        here: "",
        assets: assets::version(),
        kept: None,
        fault: None,
        again: trouble.retry_after,
    };
    match (TroublePage { frame, trouble, id }).render() {
        Ok(html) => Reply::page(html),
        Err(_) => Reply::text(trouble.title),
    }
}
