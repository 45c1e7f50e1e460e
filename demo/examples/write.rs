//! Writes an estate: `cargo run -p standing-demo --example write -- DIR DAY [SCALE] [plain]`.

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, day, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: write DIR DAY [SCALE] [plain]");
        std::process::exit(2);
    };
    let day = day.parse().map_err(std::io::Error::other)?;
    let scale = rest.iter().find_map(|r| r.parse().ok()).unwrap_or(1);
    let plan = standing_demo::Plan {
        faults: !rest.iter().any(|r| r == "plain"),
        scale,
        ..standing_demo::Plan::new(1, day)
    };
    let folder = std::path::Path::new(folder);
    let estate = standing_demo::generate(folder, &plan, &[])?;
    std::fs::write(folder.join("standing.toml"), &estate.config)?;
    println!("{} files", estate.files);
    Ok(())
}
