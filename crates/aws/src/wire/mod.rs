//! What the services share: SigV4, awsJson, the query protocol, errors, request ids.
//!
//! A request is opened ([`open`]): its signature is read, its body within its operation's limit, the
//! signature verified over the bytes as they came, and only then the body is unpacked. What comes out
//! is a [`Call`]; what its handler makes of it ([`Reply`] or [`Fail`]) becomes the answer
//! ([`Call::answer`]). Whatever is refused on the way is noted in Arrivals with its cause.
//!
//! ```no_run
//! # use aws::wire::{self, Operation, Reply, Service};
//! # async fn example(engine: engine::Engine, request: axum::extract::Request) -> axum::response::Response {
//! static GET_GROUPS: Operation = Operation::small("GetGroups", engine::Permission::RunQueries);
//! let opened = wire::open(&engine, Service::Xray, "GetGroups", Some(&GET_GROUPS), request).await;
//! let call = match opened {
//!     Ok(call) => call,
//!     Err(refused) => return *refused,
//! };
//! let result = Ok(Reply::Json(serde_json::json!({"Groups": []})));
//! call.answer(result, false)
//! # }
//! ```
//!
//! Reading order: [`sigv4`], [`call`], [`body`], [`json`], [`query`], [`error`].

pub mod body;
pub mod call;
pub mod error;
pub mod json;
pub mod query;
pub mod sigv4;

pub use call::{Call, Operation, Reply, SMALL_BODY_LIMIT, failed, open, open_unsigned, request_id};
pub use error::{Fail, Service};

/// The account in every ARN: there is one.
pub const ACCOUNT: &str = "000000000000";

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
