//! §1, row 1.10: the heatmap, its zoom, BubbleUp.

use super::honeycomb::NAME;
use super::stage::{Stage, text};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn look(stage: &Stage) -> anyhow::Result<String> {
    let query = json!({"calculations": [{"op": "HEATMAP", "column": "duration_ms"}, {"op": "P90", "column": "duration_ms"}]});
    let answer = stage.query(NAME, &query)?;
    let counted = spans_drawn(&answer)?;
    // Span events have no length.
    let timed = stage.rows(NAME, &json!([{"column": "duration_ms", "op": "exists"}]))?;
    let times: Vec<i64> = timed
        .iter()
        .filter_map(|r| text(&r["timestamp_ns"]).parse().ok())
        .collect();
    let all = times.len();
    ensure!(
        counted == all && counted > 0,
        "{counted} of {all} spans are in the heatmap"
    );
    let zoomed = zoom(stage, &query, &times)?;
    let p90 = answer["total"]["P90(duration_ms)"]
        .as_f64()
        .context("no P90")?;
    // By hand: between the two spans next to that rank, give or take a histogram's bin of 1.6 %.
    let mut lengths: Vec<f64> = timed
        .iter()
        .filter_map(|r| r["duration_ms"].as_f64())
        .collect();
    lengths.sort_by(f64::total_cmp);
    let ranks = (lengths.len() - 1) * 9;
    let (below, above) = (lengths[ranks / 10], lengths[ranks.div_ceil(10)]);
    ensure!(
        p90 >= below * 0.984 && p90 <= above * 1.016,
        "P90 {p90}, by hand {below} to {above}"
    );
    // The box: everything as slow as the slowest tenth, over the whole time frame.
    let selection = json!({"kind": "box", "column": "duration_ms", "min": p90, "max": 1e9,
        "start_ns": answer["start_ns"], "end_ns": answer["end_ns"]});
    let ask = json!({"env": stage.keys.environment, "dataset": NAME, "query": query, "selection": selection});
    let answer = stage.api("POST", "/bubble_up", Some(&ask))?;
    let all_rows = stage.rows(NAME, &json!([]))?;
    let first = bubble_up(&answer, &all_rows, p90)?;
    Ok(format!(
        "{counted} spans in cells, {zoomed} in the newer half's time, P90 {p90:.2} ms, {first}"
    ))
}

/// Counts by hand what BubbleUp should have: its sums, the first field's bars, and that no field which tells
/// something of its own differs more than the first one does.
fn bubble_up(answer: &Value, rows: &[Value], slow: f64) -> anyhow::Result<String> {
    ensure!(rows.len() < 1000, "not all rows are listed");
    let is_slow = |row: &&Value| row["duration_ms"].as_f64().is_some_and(|d| d >= slow);
    let (selected, rest): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(is_slow);
    ensure!(
        answer["selected"] == json!(selected.len()) && answer["baseline"] == json!(rest.len()),
        "{} in the box and {} beside it, not {} and {}",
        answer["selected"],
        answer["baseline"],
        selected.len(),
        rest.len()
    );
    let having = |rows: &[&Value], field: &str, value: &Value| {
        rows.iter().filter(|row| row[field] == *value).count()
    };
    let share = |n: usize, rows: &[&Value]| n as f64 / rows.len() as f64;
    // A field's difference: the greatest of its values' shares, absence being one (honeycomb.md §7).
    let difference = |field: &str| {
        let values: BTreeSet<String> = rows.iter().map(|row| row[field].to_string()).collect();
        let of = |value: &String| {
            let value = serde_json::from_str(value).unwrap_or_default();
            let shares = [&selected, &rest].map(|rows| share(having(rows, field, &value), rows));
            (shares[0] - shares[1]).abs()
        };
        values.iter().map(of).fold(0.0, f64::max)
    };
    let fields = answer["fields"].as_array().context("no fields")?;
    let is_plain = |f: &&Value| {
        f["is_id"] == false && f["follows"].is_null() && f["shape"]["kind"] == "values"
    };
    let mut plain = fields.iter().filter(is_plain);
    let first = plain.next().context("BubbleUp names no field")?;
    let name = text(&first["field"]);
    let bars = first["shape"]["bars"].as_array().context("no bars")?;
    ensure!(!bars.is_empty(), "{first}");
    for bar in bars {
        let by_hand = [&selected, &rest].map(|rows| having(rows, &name, &bar["value"]));
        ensure!(
            json!(by_hand) == json!([bar["selected"], bar["baseline"]]),
            "{name}: {bar}, by hand {by_hand:?}"
        );
    }
    let most = difference(&name);
    ensure!(
        first["difference"]
            .as_f64()
            .is_some_and(|d| (d - most).abs() < 1e-9)
            && most > 0.2,
        "{name}: {}, by hand {most}",
        first["difference"]
    );
    for field in plain {
        let (field, told) = (text(&field["field"]), field["difference"].as_f64());
        let by_hand = difference(&field);
        ensure!(
            told.is_some_and(|d| (d - by_hand).abs() < 1e-9),
            "{field}: {told:?}, by hand {by_hand}"
        );
        // Well-known fields come a little before others, raw forms of them a little after.
        ensure!(by_hand <= most + 0.1, "{field} differs more than {name}");
    }
    let bar = &bars[0];
    Ok(format!(
        "BubbleUp: {name} first, {} in {} of {} and {} of {}",
        bar["value"],
        bar["selected"],
        selected.len(),
        bar["baseline"],
        rest.len()
    ))
}

/// Spans in the cells of the first heatmap.
fn spans_drawn(answer: &Value) -> anyhow::Result<usize> {
    let cells = answer["series"][0]["lines"][0]["cells"].as_array();
    let counts = cells
        .context("no heatmap")?
        .chunks_exact(3)
        .filter_map(|c| c[2].as_u64());
    Ok(usize::try_from(counts.sum::<u64>())?)
}

/// Asks the same over the time of the newer half of the spans alone; `times` are newest first.
fn zoom(stage: &Stage, query: &Value, times: &[i64]) -> anyhow::Result<usize> {
    let (newest, middle) = (times[0], times[times.len() / 2]);
    // A question names its times in microseconds.
    let (start, end) = (middle / 1_000, newest / 1_000 + 1);
    let mut query = query.clone();
    query["start_time"] = json!(start as f64 / 1e6);
    query["end_time"] = json!(end as f64 / 1e6);
    let answer = stage.query(NAME, &query)?;
    ensure!(
        answer["start_ns"] == format!("{start}000") && answer["end_ns"] == format!("{end}000"),
        "asked {start} to {end} µs, answered {} to {}",
        answer["start_ns"],
        answer["end_ns"]
    );
    let wanted = times.iter().filter(|t| **t >= start * 1_000).count();
    let drawn = spans_drawn(&answer)?;
    ensure!(
        drawn == wanted && wanted < times.len(),
        "{drawn} spans drawn, {wanted} of {} in that time",
        times.len()
    );
    Ok(drawn)
}
