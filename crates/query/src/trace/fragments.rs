//! Spans that arrived in fragments (mapping.md §2, §4): of one in progress and finished, the finished one
//! shows; a part sent on its own is of the service it is part of.

use crate::answer::Cell;
use crate::whole::Whole;
use event::SpanId;
use hashbrown::{HashMap, HashSet};

/// True on rows of spans that had not ended when they were sent.
const IN_PROGRESS: &str = "meta.in_progress";

/// Drops superseded rows, and fills in the service of parts sent on their own.
pub(crate) fn settle(rows: &mut Vec<Whole>) {
    let is_open = |r: &Whole| r.fields.contains_key(IN_PROGRESS);
    if rows.iter().any(is_open) {
        let ended: HashSet<SpanId> = rows
            .iter()
            .filter(|r| !is_open(r))
            .filter_map(|r| r.span_id)
            .collect();
        rows.retain(|r| !is_open(r) || r.span_id.is_none_or(|id| !ended.contains(&id)));
    }
    if rows.iter().any(is_homeless) {
        find_services(rows);
    }
}

fn is_homeless(row: &Whole) -> bool {
    row.service.is_none() && row.span_id.is_some() && row.parent_id.is_some()
}

fn find_services(rows: &mut [Whole]) {
    let known: HashMap<SpanId, (Option<String>, Option<SpanId>)> = rows
        .iter()
        .filter_map(|r| Some((r.span_id?, (r.service.clone(), r.parent_id))))
        .collect();
    for row in rows.iter_mut().filter(|r| is_homeless(r)) {
        let mut at = row.parent_id;
        // Ids come from outside: a circle of parents ends.
        for _ in 0..known.len() {
            match at.and_then(|id| known.get(&id)) {
                Some((Some(service), _)) => {
                    row.fields
                        .entry("service.name".to_owned())
                        .or_insert_with(|| Cell::Text(service.clone()));
                    row.service = Some(service.clone());
                    break;
                }
                Some((None, parent)) => at = *parent,
                None => break,
            }
        }
    }
}
