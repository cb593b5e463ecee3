//! Placeholder until its first rooms stand.
