//! The store from outside: what was acknowledged is there, once, whatever happens.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and counts in small numbers"
)]

mod common;
mod crash;
mod faults;
mod follow;
mod join;
#[allow(dead_code, reason = "the abort tests use the rest")]
mod ledger;
mod merge;
mod poison;
mod repeats;
mod slice;
