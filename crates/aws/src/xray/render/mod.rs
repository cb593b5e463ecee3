//! Traces and maps → the vendor's answers.

pub(crate) mod causes;
pub(crate) mod document;
pub(crate) mod graph;
pub(crate) mod summary;

use engine::query::calls::Node;
use serde_json::{Map, Value, json};

/// A node as answers name it; what is not known is left out.
pub(crate) fn service_id(node: &Node) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("Name".into(), json!(&*node.name));
    out.insert("Names".into(), json!([&*node.name]));
    if let Some(account) = &node.account {
        out.insert("AccountId".into(), json!(&**account));
    }
    if let Some(kind) = &node.kind {
        out.insert("Type".into(), json!(&**kind));
    }
    out
}
