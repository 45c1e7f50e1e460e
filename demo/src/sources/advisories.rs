//! `advisories/`: a mirror of advisories in OSV's form, of CISA's catalogue and of EPSS, as they were on
//! the day. Every one of them is invented.

use std::fmt::Write as _;
use std::io;

use serde_json::{Value, json};

use crate::fixes::Fix;
use crate::out::{Out, instant};
use crate::world::World;

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let known: Vec<&Fix> = world.fixes.iter().filter(|f| f.is_known(world)).collect();
    let lines: Vec<String> = known.iter().map(|f| record(world, f).to_string()).collect();
    out.write("advisories/osv.jsonl", lines.join("\n") + "\n")?;
    let listed: Vec<Value> = known.iter().filter_map(|fix| listed(world, fix)).collect();
    if listed.is_empty() {
        return Ok(());
    }
    let catalogue = json!({
        "title": "An invented catalogue of exploited vulnerabilities",
        "catalogVersion": "demonstration",
        "dateReleased": instant(world.today(), 6, 0),
        "count": listed.len(),
        "vulnerabilities": listed,
    });
    out.write("advisories/kev.json", catalogue.to_string())?;
    out.write("advisories/epss.csv", scores(world, &known))
}

fn record(world: &World, fix: &Fix) -> Value {
    let published = instant(world.ago(fix.published), 11, 0);
    let mut events = vec![json!({"introduced": "0"})];
    events.extend(fix.fixed.as_ref().map(|fixed| json!({"fixed": fixed})));
    let mut record = json!({
        "schema_version": "1.6.7",
        "id": fix.advisory,
        "summary": fix.summary,
        "details": "This advisory is invented for a demonstration and describes no real fault.",
        "published": published,
        "modified": published,
        "affected": [{
            "package": {"ecosystem": fix.ecosystem, "name": fix.package},
            "ranges": [{"type": range(&fix.ecosystem), "events": events}],
        }],
    });
    if let Some(cve) = &fix.cve {
        record["upstream"] = json!([cve]);
    }
    if let Some(vector) = fix.vector.as_ref().filter(|_| fix.is_rated(world)) {
        record["severity"] = json!([{"type": "CVSS_V3", "score": vector}]);
    }
    if let Some(word) = &fix.word {
        record["affected"][0]["ecosystem_specific"] = json!({"urgency": word});
    }
    if let Some(withdrawn) = fix.withdrawn.filter(|day| *day >= world.then) {
        record["withdrawn"] = json!(instant(world.ago(withdrawn), 9, 0));
    }
    record
}

fn range(ecosystem: &str) -> &'static str {
    match ecosystem {
        "npm" | "crates.io" => "SEMVER",
        _ => "ECOSYSTEM",
    }
}

/// The entry of CISA's catalogue, once there is one.
fn listed(world: &World, fix: &Fix) -> Option<Value> {
    let on = fix.exploited.filter(|day| *day >= world.then)?;
    Some(json!({
        "cveID": fix.cve,
        "vendorProject": "Invented",
        "product": fix.package,
        "vulnerabilityName": fix.summary,
        "dateAdded": world.ago(on),
        "shortDescription": fix.summary,
        "requiredAction": "Install the fix.",
        "dueDate": world.ago(on - 3),
        "knownRansomwareCampaignUse": "Unknown",
        "notes": "",
    }))
}

fn scores(world: &World, known: &[&Fix]) -> String {
    let date = instant(world.today(), 0, 0);
    let mut text = format!("#model_version:demonstration,score_date:{date}\ncve,epss,percentile\n");
    for fix in known {
        if let (Some(cve), Some(epss)) = (&fix.cve, &fix.epss) {
            let _ = writeln!(text, "{cve},{epss},0.99");
        }
    }
    text
}
