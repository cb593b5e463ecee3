//! Bytes from outside: how many may be under way, and how they are unpacked.

mod budget;
mod inflate;

pub use budget::{Budget, Lane, Reservation};
pub use inflate::{Encoding, InflateError, inflate};
