//! Requests of hand-made rows.
