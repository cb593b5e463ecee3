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
//! ([`routes::OTHER`], seeds 651 to 655) were fixed before the join was first asked in them. Seven rows of each source asked
//! from; at first, and since the join knows that an error is of a request that failed, that lags are long on one side, that
//! requests come in bursts and that a beat makes heaps of lags alike:
//!
//! | world | precision | recall | first | |
//! | --- | --- | --- | --- | --- |
//! | probe, beat (651) | 1.000 | 0.889 | 1.000 | 0.750 |
//! | trains, beat (651) | 1.000 | 0.886 | 0.948 | 0.886 |
//! | probe, beat, late (652) | 0.984 | 0.851 | 0.982 | 0.730 |
//! | trains, beat, late (652) | 1.000 | 0.986 | | |
//! | probe, bursts (653) | 0.956 | 0.916 | 0.953 | 0.859 |
//! | trains, bursts (653) | 0.953 | 0.953 | 0.952 | 0.938 |
//! | probe, failing routes, late (654) | 1.000 | 0.789 | 1.000 | 0.606 |
//! | trains, failing routes, late (654) | 1.000 | 1.000 | 0.957 | 0.971 |
//! | probe, chance, late (655) | 1.000 | 1.000 | 1.000 | 0.894 |
//! | trains, chance, late (655) | 1.000 | 1.000 | 1.000 | 1.000 |
//! | all | 0.990 | 0.939 | | |
//!
//! What is wrong there is mostly of requests made twice at once (a double click) that both fail alike, of which one
//! occurrence is missing: a row too few to tell them apart. Asked from spans, segments and lines one row of 671 was wrong.
//!
//! The threshold was moved from 0.7 to 0.8 with it: over the tuning worlds, these and 24 of the proof's kind (seeds 71 to 74)
//! that halves what is wrong (21 rows to 14 of some 3,850) and costs a row in two hundred of recall; 0.9 costs more and gains nothing.
//!
//! [`routes::HELD_OUT`] was not looked at before that change. Its worlds, asked then (seeds 871 to 875, threshold 0.7):
//! 0.995 of what was joined right, 0.872 of what there was joined; at the end, with other seeds (881 to 885): 0.995 and 0.862. What is
//! missed is missed where one client asks one path 250 times a second (`doors`, beat): 0.55 to 0.61 of what could be is joined.

pub mod ask;
pub mod keep;
pub mod routes;
pub mod score;
pub mod telemetry;
pub mod truth;
pub mod world;
