//! What can be named: fields of a scope, values of a field.

use crate::fields::{self, VISIBLE};
use crate::run::Pool;
use crate::scan::Table;
use crate::spec::{Calculation, Filter, FilterOp, Op, Query};
use crate::{Answer, Cell, FieldInfo, Scope};
use event::Fixed;
use std::collections::BTreeMap;

/// Parts of a table looked at, newest first, for which fixed columns it has.
const PARTS_LOOKED_AT: usize = 16;

/// Range in which values are counted, seconds.
const VALUES_RANGE_S: u64 = 7_200;

/// The fields of a scope, sorted by name: attributes as the store has seen them, and the visible
/// names over fixed columns that hold something.
pub(crate) fn fields(pool: &Pool, scope: &Scope) -> Vec<FieldInfo> {
    let mut out: BTreeMap<String, FieldInfo> = BTreeMap::new();
    for stat in pool.tables.fields(scope.env) {
        if scope
            .dataset
            .as_deref()
            .is_some_and(|d| *d != *stat.dataset)
        {
            continue;
        }
        let info = out
            .entry(stat.key.to_string())
            .or_insert_with(|| FieldInfo {
                name: stat.key.to_string(),
                types: Vec::new(),
                last_seen_ns: 0,
                rows: 0,
            });
        for ty in &stat.types {
            let name = fields::type_name(*ty);
            if !info.types.contains(&name) {
                info.types.push(name);
            }
        }
        info.last_seen_ns = info.last_seen_ns.max(stat.last_seen);
        info.rows += stat.rows;
    }
    let tables = pool.tables(scope.env);
    for (name, fixed, view) in VISIBLE {
        if !tables.iter().any(|t| has(t, scope, *fixed)) {
            continue;
        }
        let info = out.entry((*name).to_owned()).or_insert_with(|| FieldInfo {
            name: (*name).to_owned(),
            types: Vec::new(),
            last_seen_ns: 0,
            rows: 0,
        });
        let ty = fields::type_name(view.ty());
        if !info.types.contains(&ty) {
            info.types.push(ty);
        }
    }
    out.into_values().collect()
}

/// Whether rows of the scope have the fixed column, as far as a look at the newest tells.
fn has(table: &Table, scope: &Scope, fixed: Fixed) -> bool {
    let is_ours = |datasets: &[&str]| {
        let wanted = scope.dataset.as_deref();
        wanted.is_none_or(|d| datasets.contains(&d))
    };
    let buffered = table.snapshot.batches.iter().rev();
    buffered
        .filter(|b| is_ours(&b.batch.datasets()))
        .any(|b| b.batch.fixed(fixed).is_some())
        || table
            .snapshot
            .parts
            .iter()
            .filter(|p| {
                scope
                    .dataset
                    .as_deref()
                    .is_none_or(|d| p.may_have_dataset(d))
            })
            .take(PARTS_LOOKED_AT)
            .filter_map(|p| p.metadata().ok())
            .any(|m| {
                let schema = m.file_metadata().schema_descr();
                (0..schema.num_columns())
                    .any(|i| schema.column(i).path().string() == fixed.column_name())
            })
}

/// The question whose groups are the values of a field.
pub(crate) fn values_query(field: &str, prefix: &str, limit: usize) -> Query {
    let filter = |op, value| Filter {
        column: field.to_owned(),
        op,
        value,
    };
    Query {
        calculations: vec![Calculation {
            op: Op::Count,
            column: None,
            name: None,
            filters: Vec::new(),
            filter_combination: Default::default(),
        }],
        filters: vec![if prefix.is_empty() {
            filter(FilterOp::Exists, None)
        } else {
            filter(FilterOp::StartsWith, Some(prefix.into()))
        }],
        breakdowns: vec![field.to_owned()],
        limit: Some(u32::try_from(limit).unwrap_or(u32::MAX).clamp(1, 10_000)),
        time_range: Some(VALUES_RANGE_S),
        ..Query::default()
    }
}

/// The values and how often each was met, in the order of the answer.
pub(crate) fn values_of(field: &str, answer: Answer) -> Vec<(Cell, u64)> {
    answer
        .results
        .into_iter()
        .filter_map(|mut row| {
            let value = row.remove(field)?;
            match row.get(Op::Count.as_str()) {
                Some(Cell::Int(n)) => Some((value, u64::try_from(*n).unwrap_or(0))),
                _ => None,
            }
        })
        .collect()
}
