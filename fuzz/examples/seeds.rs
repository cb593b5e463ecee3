//! `cargo run -p fuzz --example seeds [TARGET]`: writes each target's seed corpus to
//! `fuzz/corpus/<target>`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let only = std::env::args().nth(1);
    for target in fuzz::TARGETS {
        if only.as_deref().is_some_and(|name| name != target.name) {
            continue;
        }
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target.name);
        std::fs::create_dir_all(&dir)?;
        for (i, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(dir.join(format!("seed-{i:02}")), seed)?;
        }
    }
    Ok(())
}
