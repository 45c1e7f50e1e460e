//! Version order against vectors, laws and other implementations; OSV evaluation against tables.

mod aliases;
mod clock;
mod database;
mod fleet;
mod laws;
mod oracles;
mod osv;
mod purl;
mod record;
mod severity;
mod vectors;

use std::io::Read;
use std::path::Path;

/// A file of the data beside the workspace, unpacked; `None`, and said so, where it does not lie there.
fn shared(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !root.exists() {
        println!("skipped: ../shared/data not present");
        return None;
    }
    let bytes = std::fs::read(root.join(name)).unwrap();
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => flate2::read::GzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap(),
        false => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    Some(text)
}
