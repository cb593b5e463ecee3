//! Issues: like occurrences under one fingerprint, with a life-cycle.

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "";
