//! Writes the description of the API to the file named: `cargo xtask gen` does it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name the file")?;
    let text = api::openapi().to_pretty_json()?;
    std::fs::write(path, format!("{text}\n"))?;
    Ok(())
}
