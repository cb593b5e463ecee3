//! The limits of CloudWatch Logs, X-Ray and Rollbar over real sockets: what keeps one is taken, what is
//! over it is refused in the protocol's own words, and nothing that was taken before is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod limit;
mod signed;
