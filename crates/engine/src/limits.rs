//! Limits of the boundary, with unit and source. Those of one event stand in `event::builder`.

use std::time::Duration;

/// Wait for room among the bodies under way (reliability.md §2).
pub const RESERVE_WAIT: Duration = Duration::from_millis(250);
/// Wait for the disk: with the above and decoding, an answer comes within 1.5 s (reliability.md §2).
pub const INGEST_WAIT: Duration = Duration::from_millis(1_200);
/// Share of the bytes under way that anyone may take, percent; the rest is for clients that do not retry.
pub const COMMON_LANE_PERCENT: usize = 70;
/// Smallest budget of bytes under way: one body of the largest kind, three times.
pub const INFLIGHT_BYTES_MIN: usize = 64 << 20;
/// Largest zstd window, as a power of two: 8 MiB (reliability.md §3).
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Datasets of one environment.
pub const DATASETS_PER_ENVIRONMENT: usize = 500;
/// Log groups of one environment: each is a dataset (design.md §4.4).
pub const LOG_GROUPS_PER_ENVIRONMENT: usize = 10_000;
/// Streams of one log group (reliability.md §3).
pub const STREAMS_PER_GROUP: usize = 100_000;
/// Listeners to lines as they are stored (reliability.md §3).
pub const LIVE_TAILS: usize = 100;
/// Sampling rules of one environment, beside the one that is always there (AWS: 25).
pub const SAMPLING_RULES: usize = 25;
/// Groups of one environment, beside the one that is always there.
pub const TRACE_GROUPS: usize = 100;
/// Questions of one environment kept under a name.
pub const NAMED_QUERIES_PER_ENVIRONMENT: usize = 1_000;
/// Longest name of a kept question, characters (Honeycomb's query annotations: 320).
pub const NAMED_QUERY_NAME_CHARS: usize = 320;
/// Longest description of a kept question, characters (Honeycomb's query annotations: 1,023).
pub const NAMED_QUERY_DESCRIPTION_CHARS: usize = 1_023;
/// Longest kept question, bytes of its JSON: as much as a short link may lead to.
pub const NAMED_QUERY_BYTES: usize = 16 << 10;
/// Environments.
pub const ENVIRONMENTS: usize = 100;
/// Longest name of a dataset, an environment or a key, bytes.
pub const NAME_BYTES: usize = 255;
/// Distinct (sender, protocol, key prefix, outcome, reason) kept in memory.
pub const ARRIVAL_ROWS: usize = 100_000;
/// Single deliveries kept for the list of the latest.
pub const ARRIVAL_RECENT: usize = 1_000;
/// Deliveries a slow listener may lag behind before it misses some.
pub const ARRIVAL_LIVE: usize = 1_024;
/// Prefixes of unknown keys counted one by one; more are counted together.
pub const COUNTED_PREFIXES: usize = 10_000;
/// Stored answers of questions, bytes; the oldest go first.
pub const RESULT_BYTES: i64 = 256 << 20;
