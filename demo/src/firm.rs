//! The invented supplier: its name, its systems, and the people whom the story names.

/// The supplier.
pub(crate) const NAME: &str = "Larkfield Pathways Ltd";
/// Its domain, in a zone that never resolves.
pub(crate) const DOMAIN: &str = "larkfieldpathways.example";
/// A partner's domain.
pub(crate) const PARTNER_DOMAIN: &str = "cindermoor.example";

/// The directory in the cloud.
pub(crate) const ENTRA: &str = "Microsoft Entra ID";
/// The directory of the office.
pub(crate) const DIRECTORY: &str = "Active Directory";
/// The cloud account.
pub(crate) const AWS: &str = "AWS";
/// The servers, as a system that people sign in to.
pub(crate) const SERVERS: &str = "Larkfield servers";
/// The product: referrals.
pub(crate) const REFERRALS: &str = "Larkfield Referrals";
/// The product: triage.
pub(crate) const TRIAGE: &str = "Larkfield Triage";
/// The service desk, in the partner's tenant.
pub(crate) const DESK: &str = "Larkfield Service Desk";
/// The office's laptops and network.
pub(crate) const OFFICE: &str = "Office network";

/// Somebody whom the story names: always there, whatever the seed.
pub(crate) struct Named {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) department: &'static str,
    pub(crate) title: &'static str,
}

const fn named(
    given: &'static str,
    family: &'static str,
    department: &'static str,
    title: &'static str,
) -> Named {
    Named {
        given,
        family,
        department,
        title,
    }
}

/// Positions in [`CAST`].
pub(crate) const SIRO: usize = 0;
pub(crate) const CHIEF: usize = 1;
pub(crate) const GUARDIAN: usize = 2;
pub(crate) const DPO: usize = 3;
pub(crate) const PLATFORM_LEAD: usize = 4;
pub(crate) const ADMINISTRATOR: usize = 5;
pub(crate) const MOVER: usize = 6;
pub(crate) const OVERDUE: [usize; 2] = [7, 8];
pub(crate) const LATE: [usize; 2] = [9, 10];
pub(crate) const STARTER: usize = 11;
pub(crate) const LEAVER: usize = 12;
pub(crate) const PARTNERS: [usize; 2] = [13, 14];

/// The people whom faults and documents name.
pub(crate) const CAST: [Named; 15] = [
    named(
        "Marisol",
        "Brambleworth",
        "Leadership",
        "Chief Operating Officer and SIRO",
    ),
    named("Idris", "Quillfeather", "Leadership", "Chief Executive"),
    named(
        "Zoë",
        "Fennimarsh",
        "Clinical Safety",
        "Clinical Director and Caldicott Guardian",
    ),
    named(
        "Ewan",
        "Pebblewick",
        "Operations",
        "Data Protection Officer",
    ),
    named("Siân", "O'Larkin", "Platform", "Head of Platform"),
    named("Tomasz", "Wrenfold", "Platform", "Platform Engineer"),
    named("Priya", "Sallowfield", "Commercial", "Account Manager"),
    named("Hettie", "Copperdew", "Engineering", "Software Engineer"),
    named("Björn", "Mossgrove", "Data", "Data Analyst"),
    named("Renée", "Thistledown", "Engineering", "Software Engineer"),
    named("Aoife", "Brambleworth", "Support", "Support Analyst"),
    named("Łucja", "Oakenshaw", "Engineering", "Software Engineer"),
    named("Callum", "Underlake", "Support", "Support Analyst"),
    named("Nadia", "Hazelgrave", "Support", "Service Desk Partner"),
    named("José", "Larkhanger", "Support", "Service Desk Partner"),
];

/// Departments, what people in them are called, and how many people a scale of one has beside the
/// cast.
pub(crate) const DEPARTMENTS: [(&str, &str, usize); 8] = [
    ("Engineering", "Software Engineer", 9),
    ("Platform", "Platform Engineer", 3),
    ("Support", "Support Analyst", 4),
    ("Clinical Safety", "Clinical Safety Officer", 2),
    ("Data", "Data Analyst", 3),
    ("Commercial", "Account Manager", 4),
    ("Operations", "Operations Coordinator", 4),
    ("Leadership", "Director", 1),
];
