//! Log groups and streams: names, times, retention, tags.

/// Tables of the catalog that belong to this room.
pub(crate) const TABLES: &str = "";
