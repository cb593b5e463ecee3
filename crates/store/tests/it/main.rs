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
mod ledger;
mod merge;
mod poison;
mod repeats;
mod sim;
mod slice;
