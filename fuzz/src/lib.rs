//! Every decoder of bytes that come from outside or from a disk, as a target for a fuzzer.
//!
//! A target takes any bytes and panics when the decoder breaks its promise: bytes are what they
//! should be, or an error, never a panic nor a huge allocation. `cargo test -p fuzz` runs the seeds,
//! each cut short and with bits flipped; `cargo xtask long fuzz` runs libFuzzer over each target,
//! guided by the branches of our own crates.
//!
//! A new decoder gets a function in [`targets`], seeds that reach its depths, and a line in
//! [`TARGETS`].

pub mod targets;

/// Something that reads bytes.
pub struct Target {
    /// Its name, and that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Runs the decoder. Panics when it breaks its promise.
    pub run: fn(&[u8]),
    /// Inputs that are well formed, or nearly so.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "batch_decode",
        run: targets::batch::decode,
        seeds: targets::batch::seeds,
    },
    Target {
        name: "wal_file",
        run: targets::files::wal_file,
        seeds: targets::files::wal_seeds,
    },
    Target {
        name: "trace_index",
        run: targets::files::trace_index,
        seeds: targets::files::trace_index_seeds,
    },
    Target {
        name: "part_facts",
        run: targets::files::part_facts,
        seeds: targets::files::part_facts_seeds,
    },
    Target {
        name: "inflate",
        run: targets::bodies::inflate,
        seeds: targets::bodies::inflate_seeds,
    },
    Target {
        name: "honeycomb_events",
        run: targets::bodies::honeycomb_events,
        seeds: targets::bodies::honeycomb_seeds,
    },
    Target {
        name: "otlp_traces",
        run: targets::otlp::traces,
        seeds: targets::otlp::trace_seeds,
    },
    Target {
        name: "otlp_logs",
        run: targets::otlp::logs,
        seeds: targets::otlp::log_seeds,
    },
    Target {
        name: "otlp_metrics",
        run: targets::otlp::metrics,
        seeds: targets::otlp::metric_seeds,
    },
    Target {
        name: "otlp_json",
        run: targets::otlp::json,
        seeds: targets::otlp::json_seeds,
    },
    Target {
        name: "otlp_grpc",
        run: targets::otlp::grpc,
        seeds: targets::otlp::grpc_seeds,
    },
    Target {
        name: "query_text",
        run: targets::questions::text,
        seeds: targets::questions::text_seeds,
    },
    Target {
        name: "query_json",
        run: targets::questions::json,
        seeds: targets::questions::json_seeds,
    },
    Target {
        name: "insights_query",
        run: targets::questions::insights,
        seeds: targets::questions::insights_seeds,
    },
    Target {
        name: "xray_segment",
        run: targets::vendors::xray_segment,
        seeds: targets::vendors::xray_segment_seeds,
    },
    Target {
        name: "xray_filter",
        run: targets::vendors::xray_filter,
        seeds: targets::vendors::xray_filter_seeds,
    },
    Target {
        name: "filter_pattern",
        run: targets::vendors::filter_pattern,
        seeds: targets::vendors::filter_pattern_seeds,
    },
    Target {
        name: "put_log_events",
        run: targets::vendors::put_log_events,
        seeds: targets::vendors::put_log_events_seeds,
    },
    Target {
        name: "rollbar_items",
        run: targets::vendors::rollbar_items,
        seeds: targets::vendors::rollbar_items_seeds,
    },
    Target {
        name: "rollbar_settings",
        run: targets::vendors::rollbar_settings,
        seeds: targets::vendors::rollbar_settings_seeds,
    },
    Target {
        name: "aws_signature",
        run: targets::aws::signature,
        seeds: targets::aws::signature_seeds,
    },
    Target {
        name: "aws_form",
        run: targets::aws::form,
        seeds: targets::aws::form_seeds,
    },
    Target {
        name: "logs_input",
        run: targets::aws::logs_input,
        seeds: targets::aws::logs_input_seeds,
    },
    Target {
        name: "xray_input",
        run: targets::aws::xray_input,
        seeds: targets::aws::xray_input_seeds,
    },
    Target {
        name: "rollbar_search",
        run: targets::questions::rollbar_search,
        seeds: targets::questions::rollbar_search_seeds,
    },
    Target {
        name: "line_text",
        run: targets::questions::line_text,
        seeds: targets::questions::line_text_seeds,
    },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}
