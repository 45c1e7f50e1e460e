//! Every table, declared once.
//!
//! Conventions: an `id` is `source/native id`, unique across sources. Columns that name a thing of
//! another source (`system`, `asset`, `store`, `email`, `employee_number`) hold its plain name and
//! are compared without regard to case. `_on` is a calendar day; units stand in names.

use crate::table::declare;
use crate::{Date, Table};

declare! {
    /// A human being who works or worked here, from a source of people. Leavers are included: a
    /// source that lists no leavers cannot answer for them.
    Person = "person" {
        /// `source/native id`.
        @key id: String,
        /// The employer's number, as text with its leading zeros.
        @identity employee_number: Option<String>,
        /// Name as the source writes it.
        name: Option<String>,
        /// Work e-mail.
        @identity email: Option<String>,
        /// Team or department now.
        department: Option<String>,
        /// Team or department before the last move, where the source keeps it.
        previous_department: Option<String>,
        /// Day of the last move between teams or roles.
        moved_on: Option<Date>,
        /// Job title.
        job_title: Option<String>,
        /// Employee number, e-mail or name of the line manager, as the source writes it.
        manager: Option<String>,
        /// `employee`, `contractor`, `agency`, `volunteer`, or as the source says.
        kind: Option<String>,
        /// First day.
        started_on: Option<Date>,
        /// Last day, for leavers and for those who have given notice.
        left_on: Option<Date>,
    }

    /// A means of signing in to one system.
    Account = "account" {
        /// `source/native id`.
        @key id: String,
        /// The system it opens, by name.
        @identity system: String,
        /// What is typed to sign in.
        @identity login: String,
        /// Display name.
        name: Option<String>,
        /// E-mail kept with the account.
        @identity email: Option<String>,
        /// Employee number kept with the account.
        @identity employee_number: Option<String>,
        /// Whether it can sign in.
        enabled: Option<bool>,
        /// `human`, `service`, `system`, `shared`, `break-glass`, `contractor`, `external`; null: not
        /// known.
        kind: Option<String>,
        /// Whether any grant makes it an administrator.
        privileged: Option<bool>,
        /// Whether a second factor stands between a stolen password and this account.
        mfa: Option<bool>,
        /// What `mfa` rests on: `registered`, `enforced`, `observed`.
        mfa_basis: Option<String>,
        /// Day of creation.
        created_on: Option<Date>,
        /// Day of the last sign-in known to the source.
        last_used_on: Option<Date>,
        /// Day of the last password change.
        password_changed_on: Option<Date>,
        /// Person who answers for a shared, service or break-glass account.
        owner: Option<String>,
        /// Day on which it was disabled, where the source itself keeps it; null: only the days on
        /// which it was read tell.
        disabled_on: Option<Date>,
        /// Day after which it can no longer sign in by itself; null: none is set, or not known.
        expires_on: Option<Date>,
    }

    /// What a person decided about one account: whose it is, or that it is nobody's in particular and
    /// who answers for it. It stands above whatever the matcher finds.
    AccountDecision = "account_decision" {
        /// The account.
        @key account: String,
        /// The person it belongs to; null: to no single person, or to none of those suggested.
        @refers(person) person: Option<String>,
        /// What it is: `human`, `service`, `shared`, `break-glass`, `contractor`, `external`; null: as
        /// its source says.
        kind: Option<String>,
        /// Who answers for it, for accounts that belong to no single person.
        owner: Option<String>,
        /// Last day on which the decision counts; contractors' and shared accounts need one.
        expires_on: Option<Date>,
        /// Why.
        reason: Option<String>,
        /// Who decided.
        decided_by: String,
        /// Day of the decision.
        decided_on: Date,
    }

    /// A right that a role is meant to have: what goes beyond these is looked at.
    RoleEntitlement = "role_entitlement" {
        /// The role: a job title or a department, as the source of people writes it, or `*` for everybody.
        @key_identity role: String,
        /// The system, by name.
        @key_identity system: String,
        /// The resource: a group, a role, a database; `*` for any.
        @key resource: String,
        /// What may be done with it; `*` for anything.
        @key entitlement: String,
    }

    /// A course that a role needs: one line of the training-needs analysis.
    TrainingNeed = "training_need" {
        /// The role: a job title or a department, as the source of people writes it, or `*` for everybody.
        @key_identity role: String,
        /// The course, or words that its name holds.
        @key course: String,
        /// For how many months a completion counts; null: for ever.
        months: Option<i64>,
        /// Within how many days of starting it is first passed; null: no limit is set.
        within_days: Option<i64>,
    }

    /// A rule of an identity provider about signing in: a conditional-access policy, a sign-on policy.
    SignInPolicy = "sign_in_policy" {
        /// `source/native id`.
        @key id: String,
        /// The system it guards, by name.
        @identity system: String,
        /// Its name.
        name: String,
        /// `on`, `report-only` or `off`.
        state: String,
        /// Whether whoever it is about must show a second factor.
        demands_mfa: Option<bool>,
        /// Whether it is about every user; false: some are left out; null: not known.
        everybody: Option<bool>,
        /// Whether it is about every application; false: some are left out; null: not known.
        everything: Option<bool>,
    }

    /// One registered means of proving who one is: a key, a code generator, a phone.
    CredentialFactor = "credential_factor" {
        /// `source/native id`.
        @key id: String,
        /// The account.
        @refers(account) account: String,
        /// `password`, `totp`, `push`, `sms`, `fido2`, `access-key`, `ssh-key`, `certificate` …
        kind: String,
        /// Whether it resists phishing (`fido2`, platform passkeys, certificates).
        phishing_resistant: Option<bool>,
        /// Whether it can be used now.
        active: Option<bool>,
        /// Day it was made or registered.
        created_on: Option<Date>,
        /// Day of its last use.
        last_used_on: Option<Date>,
    }

    /// An account's right: one entitlement on one resource.
    Grant = "grant" {
        /// `source/native id`.
        @key id: String,
        /// The account that holds it.
        @refers(account) account: String,
        /// The system it is a right in.
        @identity system: String,
        /// The resource: a group, a role, a database, a host.
        resource: String,
        /// What may be done with it: `member`, `owner`, `admin`, `sudo` …
        entitlement: String,
        /// Whether it makes its holder an administrator of something.
        privileged: Option<bool>,
        /// False where it comes through a group or another role.
        direct: Option<bool>,
        /// Day it was given.
        granted_on: Option<Date>,
    }

    /// Which person an account belongs to, and why we say so. Rows decided by people stand here;
    /// the matcher adds those of which it is sure when an assessment begins. Those that are only
    /// likely stand in `link_candidate`.
    Link = "link" {
        /// The account.
        @key account: String,
        /// The person.
        @refers(person) person: String,
        /// The evidence: `employee number`, `e-mail`, `login`, `name`, joined by `+`; or `decided`.
        keys: Option<String>,
        /// `decided`: by a person; `act`: two independent keys agree and nothing contradicts them.
        band: Option<String>,
        /// Last day on which the decision counts; null: until somebody decides otherwise.
        expires_on: Option<Date>,
    }

    /// Somebody whom an account may belong to while no link says so: the queue in which accounts wait
    /// for a person's decision. Nothing rests on these rows but that the decision is missing.
    LinkCandidate = "link_candidate" {
        /// The account.
        @key account: String,
        /// The person.
        @key person: String,
        /// Place among the account's candidates, from 1.
        rank: i64,
        /// The evidence: `employee number`, `e-mail`, `login`, `name`, joined by `+`.
        keys: Option<String>,
        /// How much the evidence weighs, in points; below the sum of two independent keys.
        score: i64,
        /// `suggest`: likely; `possible`: something points to them, and not enough to suggest.
        band: String,
    }

    /// A service or application that the firm runs or uses.
    System = "system" {
        /// `source/native id`.
        @key id: String,
        /// Its name: what other tables refer to.
        @identity name: String,
        /// Who answers for it.
        owner: Option<String>,
        /// Whether it can be reached from outside the firm's premises.
        remote: Option<bool>,
        /// Whether another firm hosts it.
        external: Option<bool>,
        /// Whether it offers a second factor at all, free or paid.
        mfa_offered: Option<bool>,
        /// Whether it processes personal data.
        personal_data: Option<bool>,
        /// `high`, `medium`, `low`: what its loss would mean.
        importance: Option<String>,
        /// Names of the systems it cannot do without, separated by `; `.
        depends_on: Option<String>,
        /// Recovery time objective, minutes.
        rto_minutes: Option<i64>,
        /// Recovery point objective, minutes.
        rpo_minutes: Option<i64>,
        /// Day its register entry was last looked at.
        reviewed_on: Option<Date>,
    }

    /// A machine or device: server, laptop, phone, router, container image.
    Asset = "asset" {
        /// `source/native id`.
        @key id: String,
        /// Host or device name: what other tables refer to.
        @identity name: String,
        /// `server`, `laptop`, `phone`, `network`, `image`, `repository` …
        kind: Option<String>,
        /// The system it serves, by name.
        @identity system: Option<String>,
        /// Person who holds or answers for it, by e-mail or name.
        owner: Option<String>,
        /// Operating system in the words of `support.product`: `debian`, `ubuntu`, `windows` …
        os: Option<String>,
        /// Its version: `12`, `22.04`, `11-24h2` …
        os_version: Option<String>,
        /// Whether its storage is encrypted.
        encrypted: Option<bool>,
        /// Whether protection from malware runs on it.
        antimalware: Option<bool>,
        /// Day of the protection's last update.
        antimalware_updated_on: Option<Date>,
        /// Whether the internet can reach it.
        internet_facing: Option<bool>,
        /// Region or place.
        region: Option<String>,
        /// Day the source last heard from it.
        last_seen_on: Option<Date>,
        /// Day it was taken out of use.
        retired_on: Option<Date>,
        /// Release of the kernel that runs, as `uname -r` gives it: installed is not running.
        kernel: Option<String>,
    }

    /// A piece of software in an asset.
    Component = "component" {
        /// The asset, by name.
        @key_identity asset: String,
        /// Ecosystem in OSV's words: `Debian:12`, `npm`, `PyPI`, `crates.io`, `Go` …
        @key ecosystem: String,
        /// Package name; for Debian the source package, as its advisories name it.
        @key_identity name: String,
        /// Installed version.
        @key version: String,
        /// The binary package where it differs from `name`.
        @key binary: Option<String>,
        /// Package URL.
        purl: Option<String>,
        /// Day this version was installed, where the package manager's own log says so.
        installed_on: Option<Date>,
        /// Of a kernel: whether it is the one that runs; null: no kernel, or not known.
        running: Option<bool>,
    }

    /// One range of one package that an advisory declares affected.
    Advisory = "advisory" {
        /// The advisory's id: `DSA-…`, `GHSA-…`, `RUSTSEC-…`, `CVE-…`.
        @key id: String,
        /// Ecosystem in OSV's words.
        @key ecosystem: String,
        /// Package name.
        @key_identity package: String,
        /// Position of the range in the record, from 0.
        @key ordinal: i64,
        /// Other ids of the same vulnerability, separated by blanks.
        aliases: Option<String>,
        /// OSV events of this range as JSON, in their order: `[{"introduced":"0"},{"fixed":"1.2"}]`.
        events: Option<String>,
        /// Versions named one by one, as a JSON list.
        versions: Option<String>,
        /// First version that holds the fix, if one is named.
        fixed: Option<String>,
        /// `critical`, `high`, `medium`, `low`; null: the record does not say.
        severity: Option<String>,
        /// CVSS base score in tenths (7.5 is 75).
        cvss_tenths: Option<i64>,
        /// Day the advisory was published: where the record is a distribution's own, the day its
        /// fix was released.
        published_on: Option<Date>,
        /// Day it was withdrawn.
        withdrawn_on: Option<Date>,
    }

    /// A known vulnerability in a component of an asset. Rows of scanners stand here, with the dates
    /// that each scanner gives; the matcher adds those found by comparing components with advisories
    /// when an assessment begins.
    AdvisoryFinding = "advisory_finding" {
        /// The asset, by name.
        @key_identity asset: String,
        /// The package, or what else is vulnerable.
        @key_identity component: String,
        /// The advisory's id, or the scanner's own for what has no other: `nessus:51192`.
        @key advisory: String,
        /// Installed version; empty where the finding names none.
        @key version: String,
        /// Whether the installed version is affected; null: the order of versions of this
        /// ecosystem is not known to us, so nobody has compared.
        affected: Option<bool>,
        /// Other ids of the same vulnerability, separated by blanks.
        aliases: Option<String>,
        /// `critical`, `high`, `medium`, `low`, `none`; null: nobody has said.
        severity: Option<String>,
        /// First version that holds the fix; null: none is known.
        fixed: Option<String>,
        /// Day the fix was released, as well as the source knows it.
        fix_released_on: Option<Date>,
        /// Ecosystem in OSV's words, where it is known.
        ecosystem: Option<String>,
        /// Who says how grave it is: `vendor`, `database` or `scanner`, and a name: `vendor Debian`.
        severity_by: Option<String>,
        /// CVSS vectors, separated by blanks.
        cvss: Option<String>,
        /// CVSS base score in tenths (7.5 is 75).
        cvss_tenths: Option<i64>,
        /// Which field of which report dates the fix: `nessus patch_publication_date`; null where an
        /// advisory does.
        fix_dated_by: Option<String>,
        /// Day the vulnerability was published.
        published_on: Option<Date>,
        /// Day the scanner itself first saw it here.
        first_seen_on: Option<Date>,
        /// What the source says of a fix: `fixed`, `none`, `will not fix`; null: it does not say.
        fix_state: Option<String>,
        /// What mends it: `package`, `setting`, `both`; null: not said.
        remedy: Option<String>,
    }

    /// The deadline of one vulnerability in one component of one asset under one policy. Made when an
    /// assessment begins, from every reading so far, advisories, and what people recorded.
    PatchClock = "patch_clock" {
        /// The asset, by name.
        @key_identity asset: String,
        /// Ecosystem in OSV's words; empty where it is not known.
        @key ecosystem: String,
        /// The package, without its version.
        @key_identity component: String,
        /// The vulnerability, by the first of its names.
        @key_identity vulnerability: String,
        /// The policy: `Cyber Essentials`, `DSPT`, `KEV` or the firm's own.
        @key policy: String,
        /// Other names of the vulnerability, and the advisories that tell of it, separated by blanks.
        names: Option<String>,
        /// The version last seen.
        version: Option<String>,
        /// First version that holds the fix; null: none is known.
        fixed: Option<String>,
        /// `critical`, `high`, `medium`, `low`, `none`; null: nobody has said.
        severity: Option<String>,
        /// Why it does or does not count as grave, in plain words.
        grade: String,
        /// Day CISA listed it as exploited; null: it is not listed, or the list was not read.
        exploited_on: Option<Date>,
        /// EPSS probability in hundredths of a per cent (12.34 % is 1234).
        epss: Option<i64>,
        /// Day the vulnerability was published.
        published_on: Option<Date>,
        /// Day from which the fix could be had.
        fix_released_on: Option<Date>,
        /// What kind of day that is: `exact`, `lower`, `upper`, `weak`.
        fix_bound: Option<String>,
        /// Who says so.
        fix_by: Option<String>,
        /// Day we first saw the vulnerability here.
        first_seen_on: Option<Date>,
        /// Last day, London's, on which the fix is in time.
        due_on: Option<Date>,
        /// The same counted from the day on which it could be known here, where that is later.
        knowable_due_on: Option<Date>,
        /// `open`, `awaits restart`, `awaits evidence`, `unobserved`, `mended`, `decommissioned`.
        state: String,
        /// Day it was last seen; where it is mended, the fix came after it.
        last_seen_on: Option<Date>,
        /// Day by which it was mended.
        mended_on: Option<Date>,
        /// How often it came back.
        reopened: i64,
        /// `open`, `breached`, `excepted`, `met`, `late`, `between`, `no fix`, `announced`,
        /// `fix not dated`, `grade not known`, `not compared`, `not covered`.
        verdict: String,
        /// Days left where it is open, days over where it is breached or late.
        days: Option<i64>,
        /// Last day of the exception that holds.
        excepted_until: Option<Date>,
        /// Packages that it was in before this one replaced them, separated by blanks.
        former: Option<String>,
    }

    /// A leave from one policy's deadline, asked for by one person and given by another. Only what
    /// the policy admits suspends its clock: an accepted risk never does under Cyber Essentials.
    PatchException = "patch_exception" {
        /// `source/native id`.
        @key id: String,
        /// The vulnerability, by any of its names.
        vulnerability: String,
        /// The asset, by name; null: every asset.
        @identity asset: Option<String>,
        /// The package; null: every package.
        @identity component: Option<String>,
        /// The policy's name.
        policy: String,
        /// `accepted risk`, `removed`, `out of scope`, `mitigated`, `false positive`.
        ground: String,
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// Who approved it: somebody else.
        approved_by: String,
        /// First day.
        from_on: Date,
        /// Last day.
        expires_on: Date,
        /// What shows it; demanded but for an accepted risk.
        evidence: Option<String>,
    }

    /// A person's word on the day a fix could be had, which goes before all other dates.
    FixDate = "fix_date" {
        /// `source/native id`.
        @key id: String,
        /// The vulnerability, by any of its names.
        vulnerability: String,
        /// The package.
        @identity component: String,
        /// The day.
        released_on: Date,
        /// Why the day that is known otherwise is wrong.
        reason: String,
        /// What shows it.
        evidence: String,
        /// Who says so.
        stated_by: String,
    }

    /// What was done about a vulnerability that no inventory can show: a setting, a registry key, a
    /// script.
    PatchEvidence = "patch_evidence" {
        /// `source/native id`.
        @key id: String,
        /// The vulnerability, by any of its names.
        vulnerability: String,
        /// The asset, by name.
        @identity asset: String,
        /// The package; null: whatever is vulnerable.
        @identity component: Option<String>,
        /// Day it was done.
        done_on: Date,
        /// What shows it.
        evidence: String,
        /// Who did it.
        done_by: String,
    }

    /// A name that an asset bore and bears no longer, where no source knows it by an id that stayed.
    /// What was said under the former name up to that day is about the asset.
    AssetRename = "asset_rename" {
        /// `source/native id`.
        @key id: String,
        /// The name it bore.
        @identity former: String,
        /// The name it bears now.
        @identity name: String,
        /// Day from which it bears it.
        renamed_on: Date,
        /// What shows it.
        evidence: String,
        /// Who says so.
        stated_by: String,
    }

    /// The day on which one version of a package could be had somewhere. Clocks use it to date a fix.
    PackageRelease = "package_release" {
        /// Ecosystem in OSV's words.
        @key ecosystem: String,
        /// The package.
        @key_identity package: String,
        /// The version.
        @key version: String,
        /// `registry`: its release time there; `changelog`: the day the distribution signed it, before
        /// which it was not released; `channel`: the channel that the hosts install from lists it.
        @key kind: String,
        /// The day; null where a channel lists it without one.
        released_on: Option<Date>,
        /// `upper`: on that day at the latest, as whoever copied the version dated it; `lower`: not before
        /// that day, on which it was made and perhaps not yet published; null: as its kind says.
        bound: Option<String>,
    }

    /// A deadline that the firm sets itself, beside those of the rules. A change is a further row with
    /// a later day: deadlines that were set before stay as they were.
    PatchPolicy = "patch_policy" {
        /// `source/native id`.
        @key id: String,
        /// Its name.
        name: String,
        /// First day on which a clock starts by it.
        from_on: Date,
        /// Calendar days.
        days: i64,
        /// `grave`, `all` or `exploited`.
        covers: String,
        /// `fix`: when the fix is released; `seen`: when it is first seen here; `listed`: when it is
        /// listed as exploited.
        starts: String,
        /// Whether an accepted risk suspends it.
        accepts_risk: bool,
        /// Whether what comes back starts anew.
        restarts: bool,
        /// Whether it takes for grave what our data do not tell; null: it does not, and that stays
        /// not known.
        missing_is_grave: Option<bool>,
        /// Whether a base score of CVSS 4 counts as one of CVSS 3 does; null: it does.
        counts_cvss_4: Option<bool>,
        /// Whether a mere word counts where the vendor's is not held; null: it does.
        counts_words: Option<bool>,
    }

    /// One backup that was taken, or failed to be.
    Backup = "backup" {
        /// `source/native id`.
        @key id: String,
        /// The store or system it is of, by name.
        @identity target: String,
        /// Day it was taken.
        taken_on: Option<Date>,
        /// `succeeded` or `failed`.
        outcome: Option<String>,
        /// Whether it is encrypted.
        encrypted: Option<bool>,
        /// Whether it can be changed or deleted before its time.
        immutable: Option<bool>,
        /// Whether it lies away from what it is a backup of.
        offsite: Option<bool>,
    }

    /// One rehearsed or real restore.
    Restore = "restore" {
        /// `source/native id`.
        @key id: String,
        /// The store or system that was restored, by name.
        @identity target: String,
        /// Day of the restore.
        tested_on: Option<Date>,
        /// `passed`, `failed`, or `could not verify`.
        outcome: Option<String>,
        /// Measured time to a working copy, minutes.
        took_minutes: Option<i64>,
        /// Measured loss of data, minutes.
        loss_minutes: Option<i64>,
    }

    /// One person's completion of one course.
    TrainingCompletion = "training_completion" {
        /// `source/native id`.
        @key id: String,
        /// Employee number of the person.
        @identity employee_number: Option<String>,
        /// E-mail of the person.
        @identity email: Option<String>,
        /// The course, as the source names it.
        course: String,
        /// Day of completion.
        completed_on: Option<Date>,
        /// `passed`, `failed`, or as the source says.
        outcome: Option<String>,
    }

    /// A signed undertaking of one person: an administrator's agreement, a confidentiality clause.
    Agreement = "agreement" {
        /// `source/native id`.
        @key id: String,
        /// Employee number of the person.
        @identity employee_number: Option<String>,
        /// E-mail of the person.
        @identity email: Option<String>,
        /// `administrator`, `confidentiality`, `contract` …
        kind: String,
        /// Day of signing.
        signed_on: Option<Date>,
    }

    /// A policy, plan, notice or other document.
    Document = "document" {
        /// `source/path`.
        @key id: String,
        /// Path within its folder.
        path: String,
        /// First heading or title.
        title: Option<String>,
        /// `policy`, `plan`, `notice`, `procedure`, `register`, `other`, from its title.
        kind: Option<String>,
        /// Version as the document states it.
        version: Option<String>,
        /// Day of approval as the document states it.
        approved_on: Option<Date>,
        /// Day by which it must be reviewed, as the document states it.
        review_by: Option<Date>,
        /// Number of words read.
        words: i64,
    }

    /// A place in a document that shows it unfinished.
    DocumentFault = "document_fault" {
        /// The document.
        @key document: String,
        /// `placeholder`, `template variable`, `empty table`, `unreadable date`.
        @key rule: String,
        /// One-based line of the extracted text.
        @key line: i64,
        /// One-based column of the extracted text.
        @key column: i64,
        /// The marks found: the placeholder itself, never the prose around it.
        found: Option<String>,
    }

    /// A document's statement of who holds a role.
    RoleHolder = "role_holder" {
        /// The document.
        @key document: String,
        /// The role: `SIRO`, `Caldicott Guardian`, `DPO`, `IG lead`, `security lead` …
        @key_identity role: String,
        /// The name given.
        @key_identity holder: String,
        /// One-based line of the extracted text.
        line: i64,
    }

    /// Another firm that we buy from.
    Supplier = "supplier" {
        /// `source/native id`.
        @key id: String,
        /// Its name: what certificates refer to.
        @identity name: String,
        /// What it does for us.
        service: Option<String>,
        /// Whether it handles personal data for us.
        personal_data: Option<bool>,
        /// Whether it supplies IT that the service depends on.
        it_supplier: Option<bool>,
        /// Whether the contract has the terms that UK GDPR Article 28 asks for.
        contract_article_28: Option<bool>,
        /// Last day of the contract.
        contract_ends_on: Option<Date>,
        /// DSPT status as last seen in the public search.
        dspt_status: Option<String>,
        /// Day the DSPT status was last looked up.
        dspt_checked_on: Option<Date>,
    }

    /// A certificate of assurance, ours or a supplier's.
    Certificate = "certificate" {
        /// `source/native id`.
        @key id: String,
        /// Who holds it: a supplier's name, or `self`.
        @identity holder: String,
        /// `cyber-essentials`, `cyber-essentials-plus`, `iso27001`, `psn-ia` …
        scheme: String,
        /// Its number.
        number: Option<String>,
        /// What it covers, in its own words.
        scope: Option<String>,
        /// Whether the scope covers all processing of health and care data.
        covers_all_care_data: Option<bool>,
        /// First day.
        issued_on: Option<Date>,
        /// Last day.
        expires_on: Option<Date>,
    }

    /// A place where data lies: a database, a bucket, a share.
    Store = "store" {
        /// `source/native id`.
        @key id: String,
        /// Its name: what other tables refer to.
        @identity name: String,
        /// `database`, `bucket`, `volume`, `share` …
        kind: Option<String>,
        /// The system it serves, by name.
        @identity system: Option<String>,
        /// `registered` (somebody wrote it in a register), `declared` (infrastructure code or state
        /// names it), `observed` (it was seen).
        basis: String,
        /// Region or place.
        region: Option<String>,
        /// Whether it is encrypted at rest.
        encrypted: Option<bool>,
        /// Whether anybody on the internet may read it.
        public: Option<bool>,
        /// Day its register entry was last approved.
        approved_on: Option<Date>,
    }

    /// A kind of data in a store.
    DataElement = "data_element" {
        /// `source/native id`.
        @key id: String,
        /// The store, by name.
        @identity store: String,
        /// Column, path or tag.
        name: String,
        /// `nhs number`, `name`, `date of birth`, `health` …; null: only known to be personal or not.
        category: Option<String>,
        /// Whether it is personal data.
        personal: Option<bool>,
        /// Whether it is special category data.
        special: Option<bool>,
        /// `registered`, `declared` (a tag or schema says so), `observed`.
        basis: String,
    }

    /// Data going from one place to another.
    Flow = "flow" {
        /// `source/native id`.
        @key id: String,
        /// Where from: a system, store or supplier, by name.
        @identity origin: String,
        /// Where to.
        @identity destination: String,
        /// `https`, `postgresql`, `sftp` …
        protocol: Option<String>,
        /// Whether it is encrypted on the way.
        encrypted: Option<bool>,
        /// Whether it carries personal data.
        personal: Option<bool>,
        /// Country or region of the destination.
        destination_region: Option<String>,
        /// `registered`, `declared`, `observed`.
        basis: String,
    }

    /// Something that went wrong, or nearly did.
    Incident = "incident" {
        /// `source/native id`.
        @key id: String,
        /// A short title without names.
        title: Option<String>,
        /// Day it happened.
        happened_on: Option<Date>,
        /// Day we became aware.
        found_on: Option<Date>,
        /// Day it was closed.
        closed_on: Option<Date>,
        /// Whether personal data was concerned.
        personal_data: Option<bool>,
        /// Whether a risk to people was likely, so that the regulator had to hear of it.
        reportable: Option<bool>,
        /// Day it was reported.
        reported_on: Option<Date>,
        /// Day its causes and the processes around it were reviewed.
        reviewed_on: Option<Date>,
    }

    /// A risk that the firm has written down.
    Risk = "risk" {
        /// `source/native id`.
        @key id: String,
        /// A short title.
        title: String,
        /// `high`, `medium`, `low`.
        level: Option<String>,
        /// What is done about it.
        treatment: Option<String>,
        /// Who answers for it.
        owner: Option<String>,
        /// Subject it is about: an asset, a system, a supplier, by name.
        @identity about: Option<String>,
        /// Who accepted it, for risks that are carried.
        accepted_by: Option<String>,
        /// Last day of the acceptance.
        accepted_until: Option<Date>,
        /// Day it was last looked at.
        reviewed_on: Option<Date>,
    }

    /// How far one access review has come with one system. It is laid out from the campaigns in the
    /// vault when an estate is looked at; no source and no record fills it.
    AccessReview = "access_review" {
        /// The system, by name.
        @key_identity system: String,
        /// The campaign.
        @key campaign: String,
        /// Day on which its population was frozen.
        opened_on: Option<Date>,
        /// Last day for deciding.
        due_on: Option<Date>,
        /// Day on which the campaign closed; null: it is open.
        closed_on: Option<Date>,
        /// Day on which the last row of this system was decided and the last removal proven; null: not yet,
        /// or no longer because something came back.
        finished_on: Option<Date>,
        /// Whether every source of the population was completely and freshly read when it was frozen.
        complete: bool,
        /// Rows of this system: the denominator.
        rows: i64,
        /// Rows decided: kept, to change or to remove.
        reviewed: i64,
        /// Rows of which something was to go.
        removals: i64,
        /// Removals that a later complete reading shows gone.
        proven: i64,
        /// Removals that are not gone and that an exception lets stay.
        excepted: i64,
        /// Removals that were gone and came back.
        came_back: i64,
    }

    /// The day on which support for an operating system or product ends.
    Support = "support" {
        /// `debian`, `ubuntu`, `windows`, `macos` …
        @key_identity product: String,
        /// The release: `12`, `22.04`, `10-22h2`.
        @key_identity cycle: String,
        /// Last day of security support open to everybody.
        ends_on: Option<Date>,
        /// Last day of extended support (long-term, paid, or by volunteers), where there is one.
        extended_until: Option<Date>,
        /// Who says so.
        said_by: Option<String>,
    }

    /// Something a person states about one item of the toolkit and answers for.
    Attestation = "attestation" {
        /// `source/native id`.
        @key id: String,
        /// The item, for example `1.1.5`.
        @identity item: String,
        /// `yes`, `no` or `not applicable`.
        answer: String,
        /// What is stated, or for *not applicable* the reason.
        statement: Option<String>,
        /// Who states it.
        stated_by: Option<String>,
        /// In what role.
        role: Option<String>,
        /// Day of the statement.
        stated_on: Date,
        /// Last day on which it may be relied upon.
        expires_on: Option<Date>,
    }

    /// A person's word that the records of one table are all there are: without it, and without a
    /// source, a table kept by hand is not completely known.
    Completeness = "completeness" {
        /// `source/native id`.
        @key id: String,
        /// The table, for example `supplier`.
        @identity table_name: String,
        /// What is stated, for example how it was made sure.
        statement: String,
        /// Who states it.
        stated_by: String,
        /// Day of the statement.
        stated_on: Date,
        /// Last day on which it may be relied upon; a year after the statement where it is not given.
        expires_on: Option<Date>,
    }

    /// A subject that one check lets pass for a time, and who decided that.
    Exception = "exception" {
        /// `source/native id`.
        @key id: String,
        /// The check's name.
        @identity check_name: String,
        /// The subject as the check names it.
        @identity subject: String,
        /// Why.
        reason: String,
        /// Who approved it.
        approved_by: String,
        /// Day of the approval.
        approved_on: Date,
        /// Last day on which it counts.
        expires_on: Date,
    }

    /// Who is counted: a row for each person whom a source of people lists, and one for each account
    /// that can sign in. Made when an assessment begins. Whatever is said of so many of the people
    /// here has the rows that are `counted` under it, and is not known while one is `waiting`.
    Population = "population" {
        /// `person` or `account`.
        @key about: String,
        /// The person, or the account.
        @key subject: String,
        /// `counted`: works here, or is somebody from outside with access whom somebody answers for;
        /// `to come`, `left`; `double`: counted in another row; `linked`: an account of somebody
        /// listed; `special`: an account of nobody in particular; `waiting`: not settled.
        standing: String,
        /// Why, in plain words.
        why: String,
        /// The person whom the row is or leads to, if there is one.
        @refers(person) person: Option<String>,
        /// The system that an account opens.
        @identity system: Option<String>,
        /// Employee number.
        @identity employee_number: Option<String>,
        /// E-mail.
        @identity email: Option<String>,
        /// Job title.
        job_title: Option<String>,
        /// Team or department.
        department: Option<String>,
        /// First day.
        from_on: Option<Date>,
        /// Last day, if one is known.
        until_on: Option<Date>,
    }

    /// When an account stopped working of somebody who has left. Made when an assessment begins, from
    /// what complete readings saw at different times. Where only readings tell, the end lies between
    /// two days, and the later one is what may be claimed.
    AccessEnded = "access_ended" {
        /// The account.
        @key account: String,
        /// The person who left.
        @refers(person) person: String,
        /// The system it opens, by name.
        @identity system: String,
        /// What is typed to sign in.
        login: String,
        /// The person's last day.
        left_on: Date,
        /// Whether it still works; null: not known.
        open: Option<bool>,
        /// Day on which it was last seen to work; null: no reading saw it work.
        earliest_on: Option<Date>,
        /// First day on which it was seen disabled or gone; null: it was not.
        latest_on: Option<Date>,
        /// Whether the source itself keeps the day, so that both days are that day.
        exact: bool,
        /// `told`, `expired`, `disabled`, `gone`, `open`.
        basis: String,
    }

    /// What is asked of one account in its system about a second factor, and what is known of it: a row
    /// for each account that a human being can use. Made when an assessment begins.
    MfaCell = "mfa_cell" {
        /// The account.
        @key account: String,
        /// The system it opens, by name.
        @identity system: String,
        /// The person it belongs to, where a link says so.
        @refers(person) person: Option<String>,
        /// Whether it makes its holder an administrator.
        privileged: Option<bool>,
        /// Whether the system can be reached from outside.
        remote: Option<bool>,
        /// Whether another firm hosts the system.
        external: Option<bool>,
        /// Whether the system processes personal data.
        personal_data: Option<bool>,
        /// The NHS policy's word: `must` (remote access; administrators of a system hosted elsewhere),
        /// `should` (other administrators), `none`; null: not known.
        nhs: Option<String>,
        /// Whether Cyber Essentials asks for it: every user of a cloud service that offers it.
        cyber_essentials: Option<bool>,
        /// Whether a second factor stands between a stolen password and the account.
        answer: Option<bool>,
        /// What the answer rests on: `enforced`, `registered`, `observed`.
        basis: Option<String>,
        /// Whether none of its second factors can be phished; null: not known.
        phishing_resistant: Option<bool>,
        /// Who approved an exception that counts today.
        exception_by: Option<String>,
        /// Its last day, at most a year after its approval.
        exception_until: Option<Date>,
    }

    /// One course that one of the people counted needs, by the analysis of training needs. Made when
    /// an assessment begins.
    TrainingDue = "training_due" {
        /// The person, or the account of somebody from outside.
        @key person: String,
        /// The course, or words that its name holds.
        @key course: String,
        /// The role by which it is needed; `*`: everybody's.
        role: String,
        /// For how many months a completion counts; null: for ever.
        months: Option<i64>,
        /// Day of the last completion by the day judged.
        completed_on: Option<Date>,
        /// Whether something was passed on a day that is not told.
        undated: bool,
        /// Last day on which that completion counts; null: for ever, or there is none.
        until_on: Option<Date>,
        /// Last day for a first completion; null: none is set, or not known.
        first_by: Option<Date>,
    }
}

/// Tables that the projection itself fills: what was read when, and what could not be seen.
pub static INDEX: &[&Table] = &[COLLECTION, GAP];

/// One run of one source.
pub static COLLECTION: &Table = &Table {
    name: "collection",
    doc: "One run of one source.",
    columns: &[
        crate::table::column::<String>("source_name", "key_identity", "", "The source."),
        crate::table::column::<i64>("entry_number", "key", "", "The vault entry of this run."),
        crate::table::column::<String>("kind", "", "", "The kind of collector."),
        crate::table::column::<String>("outcome", "", "", "`complete`, `partial` or `failed`."),
        crate::table::column::<String>("started_at", "", "", "Instant of its start, RFC 3339."),
        crate::table::column::<String>("ended_at", "", "", "Instant of its end, RFC 3339."),
        crate::table::column::<i64>("parts", "", "", "Number of files or pages read."),
        crate::table::column::<i64>("rows", "", "", "Number of facts read."),
        crate::table::column::<i64>("problems", "", "", "Number of places not understood."),
    ],
};

/// A reason why we cannot claim to know a table of a source.
pub static GAP: &Table = &Table {
    name: "gap",
    doc: "A reason why we cannot claim to know a table of a source, as the last run of the source reported it.",
    columns: &[
        crate::table::column::<String>("source_name", "key_identity", "", "The source."),
        crate::table::column::<i64>(
            "entry_number",
            "key",
            "",
            "The vault entry of the run that reported it.",
        ),
        crate::table::column::<i64>(
            "ordinal",
            "key",
            "",
            "Position in the run's report, from 0.",
        ),
        crate::table::column::<Option<String>>(
            "table_name",
            "",
            "",
            "The table; null: all of the source's.",
        ),
        crate::table::column::<String>(
            "code",
            "",
            "",
            "`denied`, `truncated`, `malformed`, `missing`, `not-asked`, `too-large`, `throttled`, `clock-skewed`, `unreachable`.",
        ),
        crate::table::column::<String>("detail", "", "", "One plain sentence."),
    ],
};

/// The table of that name, if there is one that a collector or a record may fill.
pub fn table(name: &str) -> Option<&'static Table> {
    ALL.iter().copied().find(|t| t.name == name)
}
