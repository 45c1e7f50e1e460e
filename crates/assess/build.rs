//! Lists the folder `checks/`, so that a new check is two files and the item that uses it.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    // Asked when the script runs: one that was compiled elsewhere would list another checkout.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let folder = Path::new(&here).join("../../checks");
    // Another checkout may share the target folder.
    println!("cargo::rerun-if-env-changed=CARGO_MANIFEST_DIR");
    println!("cargo::rerun-if-changed=../../checks");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .map(|entries| {
            entries
                .filter_map(Result::ok)
                .filter_map(|e| e.file_name().into_string().ok())
                .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
                .collect()
        })
        .unwrap_or_else(|error| {
            println!("cargo::error=cannot read {}: {error}", folder.display());
            Vec::new()
        });
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let file = |ending| folder.join(format!("{name}.{ending}"));
        // A missing .md is an error of the compiler that names the file.
        let _ = writeln!(
            list,
            "    ({name:?}, include_str!({:?}), include_str!({:?})),",
            file("sql"),
            file("md")
        );
    }
    list.push(']');
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&out).join("checks.rs"), list).unwrap_or_else(|error| {
        println!("cargo::error=cannot write the list of checks: {error}");
    });
}
