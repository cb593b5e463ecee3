//! Mergeable states of single values: what a cell of an answer is computed from.
//!
//! Each is exact or has a stated error, does not depend on the order of rows or of merges, and
//! merges without loss, so that a slice, a thread or a machine can hold a share of the rows.

pub(crate) mod distinct;
pub(crate) mod loghist;
pub(crate) mod sum;
