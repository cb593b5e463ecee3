//! The rows, as batches of each table.

use event::{BatchBuilder, EventBatch, RowPolicy, TableKind, ValueRef};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Where the clock of the tests stands: `generate.NOW_S`.
pub const NOW_NS: i64 = 1_760_011_200 * 1_000_000_000;

const SCRIPT: &str = "import generate, sys
sys.stdout.reconfigure(encoding='utf-8')
for line in generate.lines(): print(line)";

/// One generated row.
pub struct Row {
    /// Its table.
    pub table: TableKind,
    json: Value,
}

impl Row {
    /// As generated.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }
}

/// Runs the generator.
///
/// # Errors
/// No Python.
///
/// # Panics
/// When the generator fails or writes what is no row.
pub fn generate() -> Result<Vec<Row>, String> {
    let out = Command::new("python3")
        .args(["-B", "-c", SCRIPT])
        .current_dir(crate::home())
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("python3: {e}"))?;
    assert!(
        out.status.success(),
        "generate.py: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = String::from_utf8(out.stdout).expect("the generator writes UTF-8");
    Ok(text.lines().map(parse).collect())
}

fn parse(line: &str) -> Row {
    let json: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    let table = json["table"].as_str().expect("a row names its table");
    let table = table.parse().expect("a known table");
    Row { table, json }
}

/// The rows of one table as batches of at most `batch_rows`, in the order generated (not by time).
#[must_use]
pub fn batches(rows: &[Row], table: TableKind, batch_rows: usize) -> Vec<EventBatch> {
    let of_table: Vec<&Row> = rows.iter().filter(|r| r.table == table).collect();
    let build = |rows: &[&Row]| {
        let mut b = BatchBuilder::new(table, RowPolicy::unlimited(NOW_NS));
        rows.iter().for_each(|r| add(&mut b, &r.json));
        b.finish()
    };
    of_table.chunks(batch_rows).map(build).collect()
}

fn add(b: &mut BatchBuilder, row: &Value) {
    let ts = row["ts"].as_i64().expect("a row has a time");
    assert!(b.begin_row(ts), "no row is too old");
    b.set_dataset(row["dataset"].as_str().expect("a row has a dataset"));
    for (name, value) in row["set"].as_object().expect("an object") {
        match (name.as_str(), value) {
            ("duration_ns", v) => b.set_duration(v.as_i64().expect("whole")),
            ("sample_rate", v) => b.set_sample_rate(v.as_i64().expect("whole")),
            ("status", v) => b.set_status(v.as_str().expect("text")),
            other => panic!("{other:?} cannot be set"),
        }
    }
    for (name, value) in row["fields"].as_object().expect("an object") {
        let value = match value {
            Value::String(s) => ValueRef::Str(s),
            Value::Bool(b) => ValueRef::Bool(*b),
            Value::Number(n) => match n.as_i64() {
                Some(i) => ValueRef::Int(i),
                None => ValueRef::Float(n.as_f64().expect("a double")),
            },
            other => panic!("{name}: {other}"),
        };
        b.put_named(name, value);
    }
    b.end_row();
}
