//! The checked-in description is the generated one. `FOURSIGHT_GEN=1 cargo test -p api --test openapi`
//! (part of `cargo xtask gen`) writes it.

use std::path::Path;

#[test]
fn the_checked_in_description_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/openapi.json");
    let mut generated = api::openapi().to_pretty_json().unwrap();
    generated.push('\n');
    if std::env::var_os("FOURSIGHT_GEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == generated,
        "ui/openapi.json differs from the types of crates/api; run `cargo xtask gen`"
    );
}
