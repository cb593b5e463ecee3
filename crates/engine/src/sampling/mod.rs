//! Groups and sampling rules: what is asked to be sampled, and how reservoirs are shared among clients.

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "";
