//! The proof of joins: requests whose truth is known, told by four sources that share no id.
//!
//! [`world`] makes requests from a seed: arrivals, lengths, clients, failures. [`telemetry`] writes what
//! each source tells of them, as rows look once the vendor's protocol is translated (mapping.md): each with
//! its clock off by a constant, each with some requests missing. Which row is of which request stands in a
//! file of its own ([`truth`]); no row carries it. [`score`] asks the store from rows and compares.
//!
//! The constants of the join are tuned on seeds 1 to 5 and the route sets named [`routes::TUNING`] alone; the
//! test asks with other seeds, other routes and other clocks.
//!
//! # Other kinds of traffic
//!
//! [`world::Traffic`] has requests at a steady beat, in bursts, and failures on some routes alone; a world may also be
//! *late*: each source tells of a request some time of its own later, lines after the answer. These worlds
//! ([`routes::OTHER`], seeds 651 to 655) were fixed before the join was first asked in them. The first figures,
//! seven rows of each source asked from, the join unchanged:
//!
//! | world | precision | recall |
//! | --- | --- | --- |
//! | probe, beat (651) | 1.000 | 0.750 |
//! | trains, beat (651) | 0.948 | 0.886 |
//! | probe, beat, late (652) | 0.982 | 0.730 |
//! | probe, bursts (653) | 0.953 | 0.859 |
//! | trains, bursts (653) | 0.952 | 0.938 |
//! | probe, failing routes, late (654) | 1.000 | 0.606 |
//! | trains, failing routes, late (654) | 0.957 | 0.971 |
//! | probe, chance, late (655) | 1.000 | 0.894 |
//! | trains, chance, late (655) | 1.000 | 1.000 |
//!
//! Not measured yet: trains at a late beat (652). So the promise of 98 % does **not** hold in each world: four of nine
//! miss it. In the worlds of 651 and 653 every row wrongly joined was asked for from an
//! occurrence (15 of 104 joined); asked from spans, segments and lines none of 255 was wrong. A higher threshold for
//! occurrences does not help: with 0.9 instead of 0.7 the nine wrong rows of 653 stay, and recall falls from 0.91 to
//! 0.86. Their scores are too sure: what an occurrence's lag looks like, long on one side, is what to change. No
//! test asserts these worlds until then; `cargo run -p joins --example worlds` asks them.
//!
//! [`routes::HELD_OUT`] (seeds 871 to 875) is kept for the end of such a change and has not been asked at all.

pub mod ask;
pub mod keep;
pub mod routes;
pub mod score;
pub mod telemetry;
pub mod truth;
pub mod world;
