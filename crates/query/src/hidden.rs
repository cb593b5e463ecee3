//! Rows that no question sees although they are kept: what was deleted as a part of a dataset.
//!
//! A whole dataset is deleted by the store; a part of one, told by the value of a field, is hidden here
//! by a condition at the root of every plan, and leaves the disk when its retention has passed.

use crate::fields::STORED_INGEST_MS;
use crate::predicate::{Among, Condition, Number, Order, Predicate, Test};
use event::{EnvId, TableKind};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows with these two values, taken up to a time, are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// A field and its value: of which dataset.
    pub dataset: (String, String),
    /// A field and its value: which part of it.
    pub part: (String, String),
    /// Receipt time, milliseconds; rows taken later are seen.
    pub until_ms: i64,
}

/// What is hidden, by environment.
#[derive(Default)]
pub(crate) struct HiddenRows(RwLock<HashMap<EnvId, Arc<Predicate>>>);

impl HiddenRows {
    pub(crate) fn set(&self, env: EnvId, hidden: &[Hidden]) {
        let mut all = self.0.write();
        match hidden.is_empty() {
            true => drop(all.remove(&env)),
            false => {
                let visible = Predicate::All(hidden.iter().map(visible).collect());
                all.insert(env, Arc::new(visible));
            }
        }
    }

    /// What rows of a table have to pass.
    pub(crate) fn visible(&self, env: EnvId, kind: TableKind) -> Option<Arc<Predicate>> {
        match kind {
            TableKind::Logs => self.0.read().get(&env).cloned(),
            TableKind::Spans | TableKind::Errors | TableKind::Metrics => None,
        }
    }
}

/// Holds for every row that is not hidden.
fn visible(hidden: &Hidden) -> Predicate {
    let is_not = |(field, value): &(String, String)| {
        Predicate::Test(Test {
            field: field.clone(),
            negated: true,
            condition: Condition::Among(Among {
                texts: [value.clone()].into_iter().collect(),
                ..Among::default()
            }),
        })
    };
    let later = Predicate::Test(Test {
        field: STORED_INGEST_MS.to_owned(),
        negated: false,
        condition: Condition::Number(Order::Gt, Number::Int(hidden.until_ms)),
    });
    Predicate::Any(vec![is_not(&hidden.dataset), is_not(&hidden.part), later])
}
