//! The log on stderr: for people on a terminal, one JSON object a line otherwise.

use crate::cli::LogFormat;
use anyhow::Context as _;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging.
///
/// # Errors
/// The filter cannot be read.
pub(crate) fn start(format: Option<LogFormat>, level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level).with_context(|| {
        format!("`{level}` (--log-level, FOURSIGHT_LOG_LEVEL, log.level) is no level or filter, e.g. info, debug, engine=debug")
    })?;
    let is_terminal = std::io::stderr().is_terminal();
    let format = format.unwrap_or(match is_terminal {
        true => LogFormat::Human,
        false => LogFormat::Json,
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Human => builder.with_ansi(is_terminal).with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
