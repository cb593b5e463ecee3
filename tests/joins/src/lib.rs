//! The proof of joins: requests whose truth is known, told by four sources that share no id.
//!
//! [`world`] makes requests from a seed: arrivals, lengths, clients, failures. [`telemetry`] writes what
//! each source tells of them, as rows look once the vendor's protocol is translated (mapping.md): each with
//! its clock off by a constant, each with some requests missing. Which row is of which request stands in a
//! file of its own ([`truth`]); no row carries it. [`score`] asks the store from rows and compares.
//!
//! The constants of the join are tuned on seeds 1 to 5 and the route sets named [`routes::TUNING`] alone; the
//! test asks with other seeds, other routes and other clocks.

pub mod keep;
pub mod routes;
pub mod score;
pub mod telemetry;
pub mod truth;
pub mod world;
