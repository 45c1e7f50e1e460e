//! `sbom/`: what is in the two parts of the product, as CycloneDX 1.6 and SPDX 2.3.

use std::io;

use serde_json::{Value, json};

use super::devices::IMAGES;
use crate::out::{Out, instant};
use crate::world::World;

/// Ecosystem in package URLs, name, version.
const PYTHON: [(&str, &str); 30] = [
    ("fastapi", "0.121.1"),
    ("starlette", "0.49.3"),
    ("pydantic", "2.12.4"),
    ("pydantic-core", "2.41.5"),
    ("uvicorn", "0.38.0"),
    ("sqlalchemy", "2.0.44"),
    ("alembic", "1.17.1"),
    ("psycopg", "3.2.12"),
    ("httpx", "0.28.1"),
    ("httpcore", "1.0.9"),
    ("anyio", "4.11.0"),
    ("certifi", "2025.10.5"),
    ("idna", "3.11"),
    ("sniffio", "1.3.1"),
    ("h11", "0.16.0"),
    ("click", "8.3.0"),
    ("jinja2", "3.1.6"),
    ("markupsafe", "3.0.3"),
    ("cryptography", "46.0.3"),
    ("cffi", "2.0.0"),
    ("pycparser", "2.23"),
    ("pyjwt", "2.10.1"),
    ("python-multipart", "0.0.20"),
    ("redis", "7.0.1"),
    ("structlog", "25.5.0"),
    ("tenacity", "9.1.2"),
    ("typing-extensions", "4.15.0"),
    ("tzdata", "2025.2"),
    ("greenlet", "3.2.4"),
    ("mako", "1.3.10"),
];

const RUST: [(&str, &str); 12] = [
    ("serde", "1.0.228"),
    ("serde_json", "1.0.145"),
    ("tokio", "1.48.0"),
    ("hyper", "1.7.0"),
    ("bytes", "1.10.1"),
    ("rustls", "0.23.35"),
    ("ring", "0.17.14"),
    ("time", "0.3.44"),
    ("regex", "1.12.2"),
    ("memchr", "2.7.6"),
    ("once_cell", "1.21.3"),
    ("smallvec", "1.15.1"),
];

const SCRIPT: [(&str, &str); 32] = [
    ("react", "19.2.0"),
    ("react-dom", "19.2.0"),
    ("scheduler", "0.27.0"),
    ("@tanstack/react-query", "5.90.7"),
    ("@tanstack/query-core", "5.90.7"),
    ("axios", "1.13.2"),
    ("follow-redirects", "1.15.11"),
    ("form-data", "4.0.4"),
    ("proxy-from-env", "1.1.0"),
    ("zod", "4.1.12"),
    ("date-fns", "4.1.0"),
    ("lodash", "4.17.21"),
    ("express", "5.1.0"),
    ("body-parser", "2.2.0"),
    ("cookie", "1.0.2"),
    ("debug", "4.4.3"),
    ("ms", "2.1.3"),
    ("qs", "6.14.0"),
    ("semver", "7.7.3"),
    ("send", "1.2.0"),
    ("serve-static", "2.2.0"),
    ("ws", "8.18.3"),
    ("helmet", "8.1.0"),
    ("pino", "10.1.0"),
    ("sonic-boom", "4.2.0"),
    ("fast-redact", "3.5.0"),
    ("undici", "7.16.0"),
    ("nanoid", "5.1.6"),
    ("postcss", "8.5.6"),
    ("picocolors", "1.1.1"),
    ("source-map-js", "1.2.1"),
    ("braces", "3.0.3"),
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    out.write("sbom/referrals-api.cdx.json", pretty(&cyclonedx(world)))?;
    out.write("sbom/triage-web.spdx.json", pretty(&spdx(world)))
}

fn cyclonedx(world: &World) -> Value {
    let library = |kind: &str, (name, version): &(&str, &str)| {
        let purl = format!("pkg:{kind}/{name}@{version}");
        json!({"type": "library", "bom-ref": purl, "name": name, "version": version,
            "purl": purl})
    };
    let python = PYTHON.iter().map(|p| library("pypi", p));
    let rust = RUST.iter().map(|p| library("cargo", p));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", world.rng("sbom").uuid()),
        "version": 1,
        "metadata": {
            "timestamp": instant(world.ago(3), 4, 10),
            "component": {"type": "container", "bom-ref": "image", "name": IMAGES[0].0,
                "version": "2026.11"},
        },
        "components": python.chain(rust).collect::<Vec<_>>(),
    })
}

fn spdx(world: &World) -> Value {
    let root = "SPDXRef-DocumentRoot-triage-web";
    let package = |(place, (name, version)): (usize, &(&str, &str))| {
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        json!({
            "SPDXID": format!("SPDXRef-Package-{place}"),
            "name": name,
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": purl}],
        })
    };
    let mut packages = vec![json!({"SPDXID": root, "name": IMAGES[1].0,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
        "primaryPackagePurpose": "APPLICATION"})];
    packages.extend(SCRIPT.iter().enumerate().map(package));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": IMAGES[1].0,
        "documentNamespace":
            format!("https://larkfieldpathways.example/sbom/{}", world.rng("spdx").uuid()),
        "creationInfo": {"created": instant(world.ago(2), 4, 25), "creators": ["Tool: invented"]},
        "packages": packages,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT",
            "relatedSpdxElement": root, "relationshipType": "DESCRIBES"}],
    })
}
