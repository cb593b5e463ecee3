//! The checked-in description is the generated one; `cargo xtask gen` writes it.

use std::path::Path;

#[test]
fn the_checked_in_description_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/openapi.json");
    let generated = api::openapi().to_pretty_json().unwrap();
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == format!("{generated}\n"),
        "ui/openapi.json differs from the types of crates/api; run `cargo xtask gen`"
    );
}
