//! What the server says of itself at `/metrics`, in Prometheus' text form. Each metric is one
//! variant whose words are its help text; names exist once.

use crate::connection::Crowd;
use crate::forward;
use engine::{Engine, HealthState};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Items received, stored, refused, dropped, merged. Labels: protocol, outcome.
    Items,
    /// Deliveries, taken or refused. Label: protocol.
    Deliveries,
    /// Bytes of deliveries as sent. Label: protocol.
    WireBytes,
    /// Items refused or dropped in the last five minutes.
    RefusedRecently,
    /// 1 for the state the server is in, 0 for the others. Label: state.
    Health,
    /// Rows in parts and in memory. Labels: table, place.
    Rows,
    /// Bytes of parts on disk. Label: table.
    PartBytes,
    /// Parts. Label: table.
    Parts,
    /// Bytes of rows in memory.
    BufferBytes,
    /// Bytes of WAL files.
    WalBytes,
    /// Times rows were written from memory into parts.
    Flushes,
    /// Times parts were merged.
    Merges,
    /// Rows written into parts. Label: by.
    RowsWritten,
    /// Segments that were to be sent on. Label: outcome.
    Forwarded,
    /// Connections open.
    Connections,
    /// Connections refused because there were too many.
    ConnectionsRefused,
    /// Memory of the process that is resident.
    ResidentBytes,
    /// Seconds since 1970 at which the process started.
    StartTime,
    /// 1; the version is its label.
    Build,
}

impl Metric {
    /// All of them, in the order written.
    pub(crate) const ALL: [Self; 19] = [
        Self::Build,
        Self::StartTime,
        Self::Health,
        Self::Items,
        Self::Deliveries,
        Self::WireBytes,
        Self::RefusedRecently,
        Self::Rows,
        Self::Parts,
        Self::PartBytes,
        Self::BufferBytes,
        Self::WalBytes,
        Self::Flushes,
        Self::Merges,
        Self::RowsWritten,
        Self::Forwarded,
        Self::Connections,
        Self::ConnectionsRefused,
        Self::ResidentBytes,
    ];

    /// Name, type and help text.
    pub(crate) fn describe(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Items => (
                "foursight_items_total",
                "counter",
                "Items by what became of them; received = stored + refused + dropped + merged.",
            ),
            Self::Deliveries => (
                "foursight_deliveries_total",
                "counter",
                "Deliveries, taken or refused.",
            ),
            Self::WireBytes => (
                "foursight_wire_bytes_total",
                "counter",
                "Bytes of deliveries as sent.",
            ),
            Self::RefusedRecently => (
                "foursight_refused_items_5m",
                "gauge",
                "Items refused or dropped in the last five minutes.",
            ),
            Self::Health => (
                "foursight_health",
                "gauge",
                "1 for the state the server is in.",
            ),
            Self::Rows => (
                "foursight_rows",
                "gauge",
                "Rows kept, in parts and in memory.",
            ),
            Self::PartBytes => ("foursight_part_bytes", "gauge", "Bytes of parts on disk."),
            Self::Parts => ("foursight_parts", "gauge", "Parts on disk."),
            Self::BufferBytes => (
                "foursight_buffer_bytes",
                "gauge",
                "Bytes of rows in memory.",
            ),
            Self::WalBytes => (
                "foursight_wal_bytes",
                "gauge",
                "Bytes of write-ahead log on disk.",
            ),
            Self::Flushes => (
                "foursight_flushes_total",
                "counter",
                "Times rows were written from memory into parts.",
            ),
            Self::Merges => (
                "foursight_merges_total",
                "counter",
                "Times parts were merged.",
            ),
            Self::RowsWritten => (
                "foursight_rows_written_total",
                "counter",
                "Rows written into parts: once by a flush, again by each merge.",
            ),
            Self::Forwarded => (
                "foursight_xray_forwarded_total",
                "counter",
                "X-Ray segments sent on by --xray-forward, by what became of them.",
            ),
            Self::Connections => ("foursight_connections", "gauge", "Connections open."),
            Self::ConnectionsRefused => (
                "foursight_connections_refused_total",
                "counter",
                "Connections refused because there were too many.",
            ),
            Self::ResidentBytes => ("process_resident_memory_bytes", "gauge", "Resident memory."),
            Self::StartTime => (
                "process_start_time_seconds",
                "gauge",
                "When the process started, seconds since 1970.",
            ),
            Self::Build => (
                "foursight_build_info",
                "gauge",
                "1; the version is a label.",
            ),
        }
    }
}

/// What only the server counts.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    refused_connections: AtomicU64,
    started_s: AtomicU64,
    forwarded: Arc<forward::Counts>,
}

impl Gauges {
    /// Counts from `now_ns` on; `forwarded` is counted elsewhere.
    pub(crate) fn new(now_ns: i64, forwarded: Arc<forward::Counts>) -> Self {
        Self {
            refused_connections: AtomicU64::new(0),
            started_s: AtomicU64::new(u64::try_from(now_ns / 1_000_000_000).unwrap_or(0)),
            forwarded,
        }
    }

    /// One connection too many.
    pub(crate) fn refused_connection(&self) {
        self.refused_connections.fetch_add(1, Ordering::Relaxed);
    }
}

/// One page: text under construction.
struct Page(String);

impl Page {
    fn head(&mut self, metric: Metric) {
        let (name, kind, help) = metric.describe();
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, metric: Metric, labels: &[(&str, &str)], value: u64) {
        let (name, ..) = metric.describe();
        self.0.push_str(name);
        if !labels.is_empty() {
            let text: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{v}\"")).collect();
            let _ = write!(self.0, "{{{}}}", text.join(","));
        }
        let _ = writeln!(self.0, " {value}");
    }
}

/// The whole page.
pub(crate) fn page(engine: &Engine, crowd: &Arc<Crowd>, gauges: &Gauges) -> String {
    let counters = engine.arrivals().counters();
    let stats = engine.store_stats();
    let health = engine.health().state;
    let mut page = Page(String::with_capacity(4_096));
    for metric in Metric::ALL {
        page.head(metric);
        let one = |page: &mut Page, value: u64| page.value(metric, &[], value);
        match metric {
            Metric::Build => page.value(metric, &[("version", env!("CARGO_PKG_VERSION"))], 1),
            Metric::StartTime => one(&mut page, gauges.started_s.load(Ordering::Relaxed)),
            Metric::Health => {
                for state in [
                    HealthState::Ok,
                    HealthState::Degraded,
                    HealthState::ReadOnly,
                    HealthState::Failing,
                ] {
                    page.value(
                        metric,
                        &[("state", state.as_str())],
                        u64::from(state == health),
                    );
                }
            }
            Metric::Items | Metric::Deliveries | Metric::WireBytes => {
                for protocol in engine::Protocol::ALL {
                    let own = counters.iter().filter(|(k, _)| k.protocol == protocol);
                    let mut sum = engine::arrivals::Counts::default();
                    own.for_each(|(_, c)| sum += *c);
                    let label = ("protocol", protocol.as_str());
                    match metric {
                        Metric::Deliveries => page.value(metric, &[label], sum.deliveries),
                        Metric::WireBytes => page.value(metric, &[label], sum.wire_bytes),
                        _ => {
                            for (outcome, n) in [
                                ("received", sum.received),
                                ("stored", sum.stored),
                                ("refused", sum.refused),
                                ("dropped", sum.dropped),
                                ("merged", sum.merged),
                            ] {
                                page.value(metric, &[label, ("outcome", outcome)], n);
                            }
                        }
                    }
                }
            }
            Metric::RefusedRecently => one(&mut page, engine.arrivals().refused_last_5m()),
            Metric::Rows | Metric::Parts | Metric::PartBytes => {
                for kind in event::TableKind::ALL {
                    let own = || stats.tables.iter().filter(|t| t.table.kind == kind);
                    let label = ("table", kind.as_str());
                    match metric {
                        Metric::Parts => {
                            page.value(metric, &[label], own().map(|t| t.parts as u64).sum());
                        }
                        Metric::PartBytes => {
                            page.value(metric, &[label], own().map(|t| t.part_bytes).sum());
                        }
                        _ => {
                            let (parts, memory) = own()
                                .fold((0, 0), |(p, m), t| (p + t.part_rows, m + t.buffered_rows));
                            page.value(metric, &[label, ("place", "parts")], parts);
                            page.value(metric, &[label, ("place", "memory")], memory);
                        }
                    }
                }
            }
            Metric::BufferBytes => {
                one(
                    &mut page,
                    stats.tables.iter().map(|t| t.buffered_bytes).sum(),
                );
            }
            Metric::WalBytes => one(&mut page, stats.wal_bytes),
            Metric::Flushes => one(&mut page, stats.flushes),
            Metric::Merges => one(&mut page, stats.merges),
            Metric::RowsWritten => {
                page.value(metric, &[("by", "flush")], stats.rows_flushed);
                page.value(metric, &[("by", "merge")], stats.rows_merged);
            }
            Metric::Forwarded => {
                let counts = &gauges.forwarded;
                for (outcome, n) in [
                    ("sent", &counts.sent),
                    ("refused", &counts.refused),
                    ("lost", &counts.lost),
                ] {
                    page.value(metric, &[("outcome", outcome)], n.load(Ordering::Relaxed));
                }
            }
            Metric::Connections => one(&mut page, crowd.len() as u64),
            Metric::ConnectionsRefused => {
                one(
                    &mut page,
                    gauges.refused_connections.load(Ordering::Relaxed),
                );
            }
            Metric::ResidentBytes => one(&mut page, resident_bytes()),
        }
    }
    page.0
}

/// Resident memory of this process; 0 where the system does not tell.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|s| s.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_metric_has_a_name_of_its_own_and_is_written() {
        let names: HashSet<_> = Metric::ALL.iter().map(|m| m.describe().0).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }

    /// Guarantees: docs/config.md lists every metric.
    #[test]
    fn every_metric_is_documented() {
        let page = include_str!("../../../docs/config.md");
        for metric in Metric::ALL {
            let (name, ..) = metric.describe();
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }
}
