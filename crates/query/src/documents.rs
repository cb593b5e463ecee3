//! Source documents kept verbatim, of rows whose time and identity are known.

use crate::Error;
use crate::predicate::Predicate;
use crate::scan::{Ask, Batch, Output, Scan, Table};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use event::{EventId, Fixed, TableKind};
use hashbrown::HashMap;

/// Rows that lie this close together are looked for in one pass.
const NEAR_NS: i64 = 60_000_000_000;

/// The documents of `wanted` rows, in their order; `None`: the row is gone, or has none.
pub(crate) async fn read(
    tables: &[Table],
    kind: TableKind,
    dataset: &str,
    wanted: &[(i64, EventId)],
) -> Result<Vec<Option<String>>, Error> {
    let mut found: HashMap<(i64, EventId), String> = HashMap::new();
    for table in tables.iter().filter(|t| t.kind == kind) {
        for (from, to) in ranges(wanted) {
            let ask = Ask {
                range: (from, to.saturating_add(1)),
                dataset: Some(dataset.to_owned()),
                filter: Predicate::always(),
                outputs: vec![
                    Output::Ts,
                    Output::Fixed(Fixed::EventId),
                    Output::Fixed(Fixed::Raw),
                ],
                usage_mode: false,
                push_down: false,
            };
            let scan = Scan::new(std::slice::from_ref(table), ask, &[])?;
            let mut each = |batch: Batch| {
                let ts = batch.columns[0].as_primitive::<Int64Type>();
                let Some(ids) = batch.columns[1].as_fixed_size_binary_opt() else {
                    return Ok(true);
                };
                for row in 0..batch.rows {
                    let Ok(id) = <[u8; 16]>::try_from(ids.value(row)) else {
                        continue;
                    };
                    let key = (ts.value(row), EventId(id));
                    if ids.is_valid(row)
                        && wanted.contains(&key)
                        && let Some(text) = event::column::text_at(batch.columns[2].as_ref(), row)
                    {
                        found.insert(key, text.to_owned());
                    }
                }
                Ok(true)
            };
            for unit in 0..scan.units() {
                scan.read(unit, &mut each).await?;
            }
        }
    }
    Ok(wanted.iter().map(|key| found.get(key).cloned()).collect())
}

/// Few ranges that cover all times.
fn ranges(wanted: &[(i64, EventId)]) -> Vec<(i64, i64)> {
    let mut times: Vec<i64> = wanted.iter().map(|w| w.0).collect();
    times.sort_unstable();
    let mut out: Vec<(i64, i64)> = Vec::new();
    for ts in times {
        match out.last_mut() {
            Some(last) if ts - last.1 <= NEAR_NS => last.1 = ts,
            _ => out.push((ts, ts)),
        }
    }
    out
}
