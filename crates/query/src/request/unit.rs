//! One source's view of one request: what a span, segment, line or occurrence tells of it.
//!
//! Only rows that stand for a whole request are units: a server's span, a top-level segment, a line
//! that names method and path or an id, an occurrence. What lies beneath them (child spans, subsegments,
//! span events) comes with their trace. Texts are numbered once per window, so that units are
//! compared by numbers; 0 is "does not say".

use super::Source;
use super::text::{self, FoundId};
use crate::Error;
use crate::notions::{Notion, path_of_target};
use crate::predicate::{Among, Condition, Number, Order, Predicate, Test};
use crate::run::Control;
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::values::scalar_at;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use event::{EventId, Fixed, SpanId, TableKind, TraceId};
use hashbrown::{HashMap, HashSet};
use store::FieldStat;

/// What two views of a request are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fact {
    Method,
    Path,
    Route,
    Query,
    Status,
    Client,
    Agent,
    Host,
    Process,
    Exception,
    Service,
    /// Whether it failed: [`FAILED`] or [`WENT_WELL`].
    Outcome,
}

/// An answer of 500 or more, an error without an answer, an occurrence of level error or critical.
pub(super) const FAILED: &str = "failed";
/// Any other answer. An occurrence never says so: what warns of something may be of either.
const WENT_WELL: &str = "went well";

impl Fact {
    pub(super) const ALL: [Self; 12] = [
        Self::Method,
        Self::Path,
        Self::Route,
        Self::Query,
        Self::Status,
        Self::Client,
        Self::Agent,
        Self::Host,
        Self::Process,
        Self::Exception,
        Self::Service,
        Self::Outcome,
    ];
}

/// The fields in which clients put the id of a request, beside trace ids.
const REQUEST_IDS: [&str; 12] = [
    "request_id",
    "requestId",
    "request.id",
    "http.request.id",
    "http.request.header.x-request-id",
    "http.request.header.x_request_id",
    "http.response.header.x-request-id",
    "x-request-id",
    "correlation_id",
    "correlationId",
    "aws.request_id",
    "rollbar.error_uuid",
];
/// The id of an occurrence itself: a line or a span may name it.
const OCCURRENCE_ID: &str = "rollbar.uuid";

const NOTIONS: [Notion; 9] = [
    Notion::Method,
    Notion::Status,
    Notion::Url,
    Notion::Path,
    Notion::Route,
    Notion::ServerHost,
    Notion::ClientAddress,
    Notion::UserAgent,
    Notion::Process,
];
/// The fixed columns read behind the time, in this order.
const FIXED: [Fixed; 7] = [
    Fixed::EventId,
    Fixed::TraceId,
    Fixed::SpanId,
    Fixed::DurationNs,
    Fixed::Service,
    Fixed::Dataset,
    Fixed::Body,
];
/// The range never shrinks to less than this beside what is wanted: occurrences come late.
const NARROWEST_NS: i64 = 1_000_000_000;
/// Longest part of an exception's message that is compared, bytes.
const MESSAGE_BYTES: usize = 200;

/// One view of one request.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) source: Source,
    /// Start of a span; time of a line; receipt of an occurrence.
    pub(super) ts: i64,
    pub(super) duration_ns: Option<i64>,
    pub(super) event_id: EventId,
    pub(super) trace: Option<TraceId>,
    /// Units of one lane stand for different requests; of a source there may be several (two
    /// programs log each request in their own way).
    pub(super) lane: u32,
    pub(super) facts: [u32; Fact::ALL.len()],
    /// Ids in its text and in fields for ids.
    pub(super) ids: Vec<FoundId>,
}

impl Unit {
    /// The end, or the time when it has no length.
    pub(super) fn end(&self) -> i64 {
        self.ts.saturating_add(self.duration_ns.unwrap_or(0))
    }

    pub(super) fn fact(&self, fact: Fact) -> u32 {
        self.facts[fact as usize]
    }

    /// Whether it says enough of its request to be told from others by it.
    pub(super) fn is_told(&self) -> bool {
        [Fact::Path, Fact::Route, Fact::Exception]
            .iter()
            .any(|f| self.fact(*f) != 0)
    }
}

/// Texts and their numbers.
#[derive(Debug, Default)]
pub(super) struct Texts {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Texts {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(n) = self.numbers.get(text) {
            return *n;
        }
        self.list.push(text.to_owned());
        let n = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_owned(), n);
        n
    }

    pub(super) fn text(&self, number: u32) -> &str {
        (number as usize)
            .checked_sub(1)
            .and_then(|i| self.list.get(i))
            .map_or("", String::as_str)
    }
}

/// The units of all sources within some time.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// By [`Source`].
    pub(super) units: [Vec<Unit>; 4],
    pub(super) texts: Texts,
    /// Event times, half open.
    pub(super) range: (i64, i64),
}

impl Window {
    pub(super) fn of(&self, source: Source) -> &[Unit] {
        &self.units[source as usize]
    }

    /// Sorts by time and drops what was sent twice: of an unfinished and a finished segment the
    /// finished one stays.
    fn settle(&mut self, around: (i64, i64), limit: usize) {
        for units in &mut self.units {
            let mut best: HashMap<(Option<TraceId>, EventId), usize> = HashMap::new();
            let mut kept: Vec<Unit> = Vec::with_capacity(units.len());
            for unit in units.drain(..) {
                match best.get(&(unit.trace, unit.event_id)) {
                    Some(i) if kept[*i].duration_ns.is_none() => kept[*i] = unit,
                    Some(_) => {}
                    None => {
                        best.insert((unit.trace, unit.event_id), kept.len());
                        kept.push(unit);
                    }
                }
            }
            kept.sort_by_key(|u| (u.ts, u.event_id.0));
            *units = kept;
        }
        self.narrow(around, limit);
    }

    /// Too many: the range shrinks around what is wanted, for all sources alike, until the busiest
    /// has about `limit` units, so that rates stay comparable.
    fn narrow(&mut self, around: (i64, i64), limit: usize) {
        let far = |u: &Unit| (around.0 - u.end()).max(u.ts - around.1).max(0);
        let reach = |units: &Vec<Unit>| {
            let mut all: Vec<i64> = units.iter().map(far).collect();
            all.sort_unstable();
            all.get(limit).copied()
        };
        let Some(reach) = self.units.iter().filter_map(reach).min() else {
            return;
        };
        let reach = reach.max(NARROWEST_NS);
        self.range = (
            self.range.0.max(around.0.saturating_sub(reach)),
            self.range.1.min(around.1.saturating_add(reach)),
        );
        self.units
            .iter_mut()
            .for_each(|units| units.retain(|u| far(u) <= reach));
    }

    /// Seconds it covers.
    pub(super) fn seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate is a double")]
        let ns = (self.range.1 - self.range.0) as f64;
        (ns / 1e9).max(1e-3)
    }
}

/// Where units are read.
pub(super) struct Reader<'a> {
    pub(super) tables: &'a [Table],
    pub(super) known: &'a [FieldStat],
    pub(super) control: &'a Control,
}

impl Reader<'_> {
    /// Reads the units with times in `range`, and requests of `long_before` it that were still
    /// under way when it began. `around`: the times they are wanted for; at most `limit` of each
    /// source stay, those nearest.
    pub(super) async fn window(
        &self,
        range: (i64, i64),
        long_before: i64,
        around: (i64, i64),
        limit: usize,
        stats: &mut crate::ScanStats,
    ) -> Result<Window, Error> {
        let mut window = Window {
            range,
            ..Window::default()
        };
        for kind in [TableKind::Spans, TableKind::Logs, TableKind::Errors] {
            self.read(kind, range, units_of(kind), &mut window, stats)
                .await?;
        }
        if long_before > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a bound in milliseconds")]
            let since_ms = (around.0 - range.0) as f64 / 1e6;
            let long = Predicate::Test(Test {
                field: "duration_ms".into(),
                negated: false,
                condition: Condition::Number(Order::Ge, Number::Float(since_ms)),
            });
            let filter = Predicate::All(vec![long, units_of(TableKind::Spans)]);
            let before = (range.0.saturating_sub(long_before), range.0);
            self.read(TableKind::Spans, before, filter, &mut window, stats)
                .await?;
            let under_way = |u: &Unit| u.ts >= range.0 || u.end() >= around.0;
            window.units.iter_mut().for_each(|u| u.retain(under_way));
        }
        window.settle(around, limit);
        Ok(window)
    }

    async fn read(
        &self,
        kind: TableKind,
        range: (i64, i64),
        filter: Predicate,
        window: &mut Window,
        stats: &mut crate::ScanStats,
    ) -> Result<(), Error> {
        let tables: Vec<Table> = self
            .tables
            .iter()
            .filter(|t| t.kind == kind)
            .cloned()
            .collect();
        if tables.is_empty() || range.0 >= range.1 {
            return Ok(());
        }
        let known: HashSet<&str> = self.known.iter().map(|k| &*k.key).collect();
        let fields = Fields::of(kind, &known);
        let ask = Ask {
            range,
            dataset: None,
            filter,
            outputs: fields.outputs.clone(),
            usage_mode: false,
            push_down: true,
        };
        let scan = Scan::new(&tables, ask, self.known)?;
        let mut each = |batch: Batch| {
            if !self.control.goes_on()? {
                return Err(Error::LimitExceeded(
                    "the rows near this request could not be read in time".into(),
                ));
            }
            for row in 0..batch.rows {
                let texts = &mut window.texts;
                if let Some(unit) = fields.unit(kind, &batch.columns, row, texts) {
                    window.units[unit.source as usize].push(unit);
                }
            }
            Ok(true)
        };
        for unit in 0..scan.units() {
            scan.read(unit, &mut each).await?;
        }
        crate::whole::add_stats(stats, &scan.stats());
        Ok(())
    }
}

fn test(field: &str, negated: bool, condition: Condition) -> Predicate {
    Predicate::Test(Test {
        field: field.into(),
        negated,
        condition,
    })
}

/// The rows of a table that can be units.
fn units_of(kind: TableKind) -> Predicate {
    if kind != TableKind::Spans {
        return Predicate::always();
    }
    let annotated = event::field::META_ANNOTATION_TYPE;
    let server = Condition::Among(Among {
        texts: ["server", "consumer"].map(str::to_owned).into(),
        ..Among::default()
    });
    // Events API rows have no kind: those that tell of a request.
    let plain = Predicate::All(vec![
        test("span.kind", true, Condition::Exists),
        test(Notion::Method.field(), false, Condition::Exists),
    ]);
    Predicate::All(vec![
        test(annotated, true, Condition::Exists),
        Predicate::Any(vec![test("span.kind", false, server), plain]),
    ])
}

/// The columns of a scan for units.
struct Fields {
    outputs: Vec<Output>,
    /// Place of the first of each.
    notions: usize,
    source: usize,
    error: Option<usize>,
    exception: Option<usize>,
    ids: std::ops::Range<usize>,
    has_body: bool,
}

impl Fields {
    fn of(kind: TableKind, known: &HashSet<&str>) -> Self {
        let has_body = kind == TableKind::Logs;
        let mut outputs = vec![Output::Ts];
        let fixed = FIXED.iter().filter(|f| **f != Fixed::Body || has_body);
        outputs.extend(fixed.map(|f| Output::Fixed(*f)));
        let notions = outputs.len();
        outputs.extend(NOTIONS.map(|n| Output::Value(n.field().to_owned())));
        let source = outputs.len();
        outputs.push(Output::Value(event::META_SOURCE.to_owned()));
        let error = (kind != TableKind::Logs).then(|| {
            outputs.push(Output::Value("error".to_owned()));
            outputs.len() - 1
        });
        let exception = (kind != TableKind::Logs).then(|| {
            outputs.extend(
                ["exception.type", "exception.message"].map(|n| Output::Value(n.to_owned())),
            );
            outputs.len() - 2
        });
        let first = outputs.len();
        let ids = REQUEST_IDS.iter().chain([&OCCURRENCE_ID]);
        let ids = ids.filter(|n| known.contains(**n));
        outputs.extend(ids.map(|n| Output::Value((*n).to_owned())));
        let ids = first..outputs.len();
        Self {
            outputs,
            notions,
            source,
            error,
            exception,
            ids,
            has_body,
        }
    }

    fn unit(
        &self,
        kind: TableKind,
        columns: &[ArrayRef],
        row: usize,
        texts: &mut Texts,
    ) -> Option<Unit> {
        let text = |i: usize| event::column::text_at(columns[i].as_ref(), row);
        let shown = |i: usize| scalar_at(columns[i].as_ref(), row).map(|v| v.to_string());
        let notion = |n: Notion| {
            let at = NOTIONS.iter().position(|x| *x == n)?;
            shown(self.notions + at)
        };
        let id16 = |i: usize| id::<16>(&columns[i], row);
        let trace = id16(2).map(TraceId);
        let span = id::<8>(&columns[3], row).map(SpanId);
        let event_id = id16(1).map_or_else(|| EventId::of_span_row(trace, span, 0, 0), EventId);
        let int = |i: usize| {
            let a = columns[i].as_primitive_opt::<Int64Type>()?;
            a.is_valid(row).then(|| a.value(row))
        };
        let source = match kind {
            TableKind::Logs => Source::Lines,
            TableKind::Errors => Source::Occurrences,
            _ if text(self.source) == Some("xray") => Source::Segments,
            _ => Source::Spans,
        };
        let mut ids: Vec<FoundId> = Vec::new();
        let body = self.has_body.then(|| text(7)).flatten();
        let said = body.map(text::said).unwrap_or_default();
        if let Some(body) = body {
            ids.extend(text::ids(body));
        }
        for i in self.ids.clone() {
            let written = shown(i);
            if let Some(written) = written
                && let Some(id) = TraceId::parse(&written)
                && ids.iter().all(|f| f.id != id)
            {
                ids.push(FoundId {
                    written,
                    id,
                    is_named: true,
                });
            }
        }
        let mut facts = [0; Fact::ALL.len()];
        let mut set = |fact: Fact, text: Option<&str>| {
            if let Some(text) = text {
                facts[fact as usize] = texts.number(text);
            }
        };
        let method = notion(Notion::Method);
        let method = method.as_deref().or(said.method.as_deref());
        set(Fact::Method, method.map(str::to_ascii_uppercase).as_deref());
        let path = notion(Notion::Path);
        let target = said.target.as_deref();
        let path = path.as_deref().or_else(|| path_of_target(target?));
        set(Fact::Path, path.map(bare_path));
        set(Fact::Route, notion(Notion::Route).as_deref());
        let url = notion(Notion::Url);
        let asked = url.as_deref().or(target);
        let query = asked.and_then(|t| t.split_once('?')).map(|(_, q)| q);
        // An empty query is told from none at all only by those that write the mark: it says nothing.
        set(Fact::Query, query);
        let status = notion(Notion::Status);
        let status: Option<u16> = status.and_then(|s| s.parse().ok()).or(said.status);
        set(Fact::Status, status.map(|s| s.to_string()).as_deref());
        let is_error = self.error.and_then(shown).is_some_and(|e| e == "true");
        let outcome = match status {
            _ if is_error => Some(FAILED),
            Some(500..) => Some(FAILED),
            Some(_) => Some(WENT_WELL),
            None => None,
        };
        set(Fact::Outcome, outcome);
        let client = notion(Notion::ClientAddress);
        let client = client.map(|c| text::address(&c).map_or(c, |ip| ip.to_string()));
        let client = client.or_else(|| said.client.map(|ip| ip.to_string()));
        set(Fact::Client, client.as_deref());
        set(Fact::Agent, notion(Notion::UserAgent).as_deref());
        let host = notion(Notion::ServerHost);
        set(Fact::Host, host.map(|h| h.to_ascii_lowercase()).as_deref());
        set(Fact::Process, notion(Notion::Process).as_deref());
        if let Some(at) = self.exception
            && let Some(ty) = text(at)
        {
            let ty = ty.rsplit(['.', ':']).next().unwrap_or(ty);
            let (message, _) =
                event::builder::cut_text(text(at + 1).unwrap_or_default(), MESSAGE_BYTES);
            set(Fact::Exception, Some(&format!("{ty}: {message}")));
        }
        set(Fact::Service, text(5));
        let lane = match kind {
            TableKind::Spans | TableKind::Metrics => 0,
            TableKind::Logs => {
                texts.number(&format!("{} {}", text(6).unwrap_or_default(), said.shape))
            }
            TableKind::Errors => texts.number(&format!(
                "{} {}",
                text(6).unwrap_or_default(),
                facts[Fact::Exception as usize] != 0
            )),
        };
        let unit = Unit {
            source,
            lane,
            ts: int(0)?,
            duration_ns: int(4),
            event_id,
            trace,
            facts,
            ids,
        };
        // A line that says nothing of a request can stand nowhere.
        let is_useful = kind != TableKind::Logs
            || unit.is_told()
            || unit.trace.is_some()
            || !unit.ids.is_empty();
        is_useful.then_some(unit)
    }
}

fn id<const N: usize>(array: &ArrayRef, row: usize) -> Option<[u8; N]> {
    let a = array.as_fixed_size_binary_opt()?;
    a.is_valid(row).then(|| a.value(row).try_into().ok())?
}

/// `/a/` and `/a` are one.
fn bare_path(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        bare => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_targets_and_urls_are_one() {
        for (target, want) in [
            ("/api/activities/home?", "/api/activities/home"),
            ("/api/?x=1", "/api"),
            ("http://h:1/a/b?c", "/a/b"),
            ("http://h:1", "/"),
            ("/", "/"),
        ] {
            assert_eq!(
                path_of_target(target).map(bare_path),
                Some(want),
                "{target}"
            );
        }
    }
}
