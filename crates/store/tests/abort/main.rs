//! Processes that abort. A binary of its own: between fork and exec a child holds the locks of the
//! directories that tests beside it have open.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and counts in small numbers"
)]
#![allow(dead_code, reason = "shared with the other tests of the store")]

mod abort;
#[path = "../it/common.rs"]
mod common;
#[path = "../it/ledger.rs"]
mod ledger;
