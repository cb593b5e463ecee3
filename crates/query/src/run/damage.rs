//! A part with a damaged block: what can be answered is, and the answer says what is missing.

use super::tests::{ask, in_store};
use crate::answer::Cell;
use crate::spec::Query;
use crate::testing::{self, T0};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const ROWS: u64 = 12_000;

/// Text that does not compress: half a megabyte and more of it, so that it fills whole blocks.
fn noise(n: u64) -> String {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = String::new();
    for _ in 0..6 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.push_str(&format!("{state:016x}"));
    }
    out
}

fn part_file(dir: &Path) -> PathBuf {
    let mut open = vec![dir.join("data")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "parquet") {
                return path;
            }
        }
    }
    panic!("there is no part")
}

fn question(calculations: Value) -> Query {
    serde_json::from_value(json!({
        "calculations": calculations, "start_time": T0 / 1_000_000_000, "time_range": 600,
    }))
    .unwrap()
}

#[test]
fn an_answer_over_a_damaged_block_is_marked_and_names_the_part() {
    let rows: Vec<Value> = (0..ROWS)
        .map(|i| {
            testing::span(
                i + 1,
                i + 1,
                0,
                (i % 600_000) as i64,
                json!({"noise": noise(i)}),
            )
        })
        .collect();
    let (dir, querier) = in_store(&[&rows], true);
    let path = part_file(dir.path());
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 600_000, "{}", bytes.len());
    // In the second of its blocks of 256 KiB; the last one holds the footer.
    bytes[400_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    let distinct = json!([{"op": "COUNT_DISTINCT", "column": "noise"}]);
    let answer = ask(&querier, None, &question(distinct)).unwrap();
    assert!(answer.partial);
    let id = path.file_stem().unwrap().to_str().unwrap();
    assert!(
        answer
            .notices
            .iter()
            .any(|n| n.contains(id) && n.contains("missing")),
        "{:?}",
        answer.notices
    );
    // What lies in other blocks is answered whole.
    let answer = ask(&querier, None, &question(json!([{"op": "COUNT"}]))).unwrap();
    assert_eq!(
        answer.total["COUNT"],
        Cell::Int(i64::try_from(ROWS).unwrap())
    );
    assert!(!answer.partial, "{:?}", answer.notices);
}
