//! What each source tells of a world's requests, as rows look once translated (mapping.md §2–6).

use crate::truth::Entry;
use crate::world::{Request, Setting, T0, nanos, normal, uuid};
use event::{BatchBuilder, EventBatch, EventId, RowPolicy, SpanId, TableKind, TraceId, ValueRef};
use query::request::Source;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How a team's instrumentation looks: drawn from the seed.
struct Habits {
    /// OpenTelemetry's names before they became stable.
    old_names: bool,
    /// X-Ray's segments are named by the host that was asked.
    names_by_host: bool,
    /// Lines are JSON.
    json_lines: bool,
    /// Rollbar sees the proxy's address in place of the client's.
    proxy_address: bool,
    /// By source, nanoseconds.
    skew: [i64; 4],
    /// Also by source: what it tells is later by about so many milliseconds, more or less each time.
    late: [f64; 4],
}

/// The ids of one request.
struct Ids {
    otel: TraceId,
    xray: TraceId,
    request: String,
}

struct Writer {
    spans: BatchBuilder,
    logs: BatchBuilder,
    errors: BatchBuilder,
    rng: StdRng,
    habits: Habits,
    setting: Setting,
    entries: Vec<Entry>,
}

/// The rows all sources send, and which are of which request.
#[must_use]
pub fn rows(setting: &Setting, requests: &[Request]) -> (Vec<EventBatch>, Vec<Entry>) {
    let mut rng = StdRng::seed_from_u64(setting.seed ^ 0x7e1e_3e72);
    let mut skew = || nanos((rng.random::<f64>() * 2.0 - 1.0) * setting.skew_ms);
    let skew = [skew(), skew(), skew(), skew()];
    let late = lateness(setting);
    let habits = Habits {
        old_names: rng.random(),
        names_by_host: rng.random(),
        json_lines: rng.random(),
        proxy_address: rng.random::<f64>() < 0.3,
        skew,
        late,
    };
    let builder = |kind| BatchBuilder::new(kind, RowPolicy::unlimited(T0 + 3_600_000_000_000));
    let mut w = Writer {
        spans: builder(TableKind::Spans),
        logs: builder(TableKind::Logs),
        errors: builder(TableKind::Errors),
        rng,
        habits,
        setting: *setting,
        entries: Vec::new(),
    };
    for (number, request) in requests.iter().enumerate() {
        w.request(number, request);
    }
    w.noise();
    let batches = [w.spans, w.logs, w.errors].map(BatchBuilder::finish);
    (batches.into(), w.entries)
}

/// How late each source is, drawn apart from everything else. Spans and segments are stamped where they start, so
/// only what passes between two instrumentations delays them; a line is written when the answer is out.
fn lateness(setting: &Setting) -> [f64; 4] {
    if !setting.late {
        return [0.0; 4];
    }
    let mut rng = StdRng::seed_from_u64(setting.seed ^ 0x001a_7e5e);
    [(0.0, 0.5), (0.2, 2.0), (2.0, 12.0), (20.0, 120.0)]
        .map(|(least, most)| least + (most - least) * rng.random::<f64>())
}

impl Writer {
    fn request(&mut self, number: usize, r: &Request) {
        let ids = Ids {
            otel: TraceId(self.rng.random()),
            xray: TraceId(self.rng.random()),
            request: uuid(&mut self.rng),
        };
        // With ids, half of the segments have the id that OpenTelemetry made for X-Ray.
        let ids = Ids {
            xray: if self.setting.ids && number.is_multiple_of(2) {
                ids.otel
            } else {
                ids.xray
            },
            ..ids
        };
        let mut has = || self.rng.random::<f64>() >= self.setting.missing;
        let has = [has(), has(), has(), has()];
        if has[0] {
            self.spans(number, r, &ids);
        }
        if has[1] {
            self.segments(number, r, &ids);
        }
        if has[2] {
            self.lines(number, r, &ids);
        }
        if has[3] && r.exception.is_some() {
            self.occurrence(number, r, &ids);
        }
    }

    /// Some delay of code between two instrumentations, nanoseconds: mostly short.
    fn delay(&mut self, mean_ms: f64) -> i64 {
        nanos(-(1.0 - self.rng.random::<f64>()).ln() * mean_ms)
    }

    /// How late a source is this time.
    fn lateness(&mut self, source: Source) -> i64 {
        let mean = self.habits.late[source as usize];
        if mean == 0.0 {
            return 0;
        }
        nanos(0.8 * mean) + self.delay(0.2 * mean)
    }

    fn at(&self, source: Source, ns: i64) -> i64 {
        ns + self.habits.skew[source as usize]
    }

    fn told(&mut self, request: Option<usize>, source: Source, event_id: EventId, ts_ns: i64) {
        self.entries.push(Entry {
            request,
            whole: true,
            source,
            event_id: event_id.to_string(),
            ts_ns,
        });
    }

    fn spans(&mut self, number: usize, r: &Request, ids: &Ids) {
        let routes = self.setting.routes;
        let (mut start, mut end) = (r.start, r.start + r.duration);
        let mut parent = None;
        if let Some(gateway) = routes.gateway {
            let id = self.server_span(number, r, ids, (gateway, None), (start, end));
            parent = Some(id);
            start += nanos(0.8) + self.delay(0.5);
            end -= nanos(0.4) + self.delay(0.3);
        }
        let start = start + self.delay(0.15) + self.lateness(Source::Spans);
        let end = (end - self.delay(0.15)).max(start + 1000);
        let owner = self.server_span(number, r, ids, (routes.service, parent), (start, end));
        // Children are rows of the trace, but stand for no request of their own.
        let child = SpanId(self.rng.random());
        let ts = self.at(Source::Spans, start + (end - start) / 4);
        let b = &mut self.spans;
        b.begin_row(ts);
        b.set_dataset(routes.service);
        b.set_trace_id(ids.otel);
        b.set_span_id(child);
        b.set_parent_id(owner);
        b.set_service(routes.service);
        b.set_name("mock-data");
        b.set_kind("internal");
        b.set_status("unset");
        b.set_duration((end - start) / 2);
        b.put_named("meta.source", ValueRef::Str("otlp"));
        b.put_named("meta.signal_type", ValueRef::Str("trace"));
        b.end_row();
        self.entries.push(Entry {
            request: Some(number),
            whole: false,
            source: Source::Spans,
            event_id: EventId::of_span_row(Some(ids.otel), Some(child), 0, 0).to_string(),
            ts_ns: ts,
        });
    }

    fn server_span(
        &mut self,
        number: usize,
        r: &Request,
        ids: &Ids,
        (service, parent): (&str, Option<SpanId>),
        (start, end): (i64, i64),
    ) -> SpanId {
        let span = SpanId(self.rng.random());
        let ts = self.at(Source::Spans, start);
        let host = self.setting.routes.host;
        let (address, port) = host.split_once(':').unwrap_or((host, "80"));
        let b = &mut self.spans;
        b.begin_row(ts);
        b.set_dataset(service);
        b.set_trace_id(ids.otel);
        b.set_span_id(span);
        if let Some(parent) = parent {
            b.set_parent_id(parent);
        }
        b.set_service(service);
        b.set_name(&format!("{} {}", r.method, r.route));
        b.set_kind("server");
        b.set_status(if r.status >= 500 { "error" } else { "unset" });
        b.set_duration(end - start);
        let text = ValueRef::Str;
        b.put_named("meta.source", text("otlp"));
        b.put_named("meta.signal_type", text("trace"));
        b.put_named("host.name", text(service));
        b.put_named("process.pid", ValueRef::Int(41));
        b.put_named("http.route", text(&r.route));
        let status = ValueRef::Int(i64::from(r.status));
        let target = target(r);
        if self.habits.old_names {
            b.put_named("http.method", text(r.method));
            b.put_named("http.scheme", text("http"));
            b.put_named("http.host", text(host));
            b.put_named("http.target", text(&target));
            b.put_named("net.peer.ip", text(&r.client));
            b.put_named("http.user_agent", text(&r.agent));
            b.put_named("http.status_code", status);
        } else {
            b.put_named("http.request.method", text(r.method));
            b.put_named("url.scheme", text("http"));
            b.put_named("server.address", text(address));
            b.put_named("server.port", ValueRef::Int(port.parse().unwrap_or(80)));
            b.put_named("url.path", text(&r.path));
            if let Some(query) = &r.query {
                b.put_named("url.query", text(query));
            }
            b.put_named("client.address", text(&r.client));
            b.put_named("user_agent.original", text(&r.agent));
            b.put_named("http.response.status_code", status);
        }
        if let Some((kind, message)) = &r.exception {
            b.put_named("exception.type", text(kind));
            b.put_named("exception.message", text(message));
        }
        if self.setting.ids {
            b.put_named("request_id", text(&ids.request));
        }
        b.end_row();
        let id = EventId::of_span_row(Some(ids.otel), Some(span), 0, 0);
        self.told(Some(number), Source::Spans, id, ts);
        span
    }

    fn segments(&mut self, number: usize, r: &Request, ids: &Ids) {
        let routes = self.setting.routes;
        let (mut start, mut end) = (r.start, r.start + r.duration);
        let mut parent = None;
        if let Some(gateway) = routes.gateway {
            parent = Some(self.segment(number, r, ids, (gateway, None), (start, end)));
            start += nanos(0.8) + self.delay(0.5);
            end -= nanos(0.4) + self.delay(0.3);
        }
        let start = start + self.delay(0.2) + self.lateness(Source::Segments);
        let end = (end - self.delay(0.2)).max(start + 1000);
        let named = if self.habits.names_by_host {
            routes.host
        } else {
            routes.service
        };
        self.segment(number, r, ids, (named, parent), (start, end));
    }

    fn segment(
        &mut self,
        number: usize,
        r: &Request,
        ids: &Ids,
        (name, parent): (&str, Option<SpanId>),
        (start, end): (i64, i64),
    ) -> SpanId {
        let span = SpanId(self.rng.random());
        let event_id = EventId(self.rng.random());
        // X-Ray's times are decimal seconds with six digits.
        let micros = |ns: i64| ns / 1_000 * 1_000;
        let ts = micros(self.at(Source::Segments, start));
        let host = self.setting.routes.host;
        let b = &mut self.spans;
        b.begin_row(ts);
        b.set_dataset("xray");
        b.set_event_id(event_id);
        b.set_trace_id(ids.xray);
        b.set_span_id(span);
        if let Some(parent) = parent {
            b.set_parent_id(parent);
        }
        b.set_service(name);
        b.set_name(name);
        b.set_kind("server");
        b.set_status(if r.status >= 500 { "error" } else { "unset" });
        b.set_duration(micros(end - start));
        let text = ValueRef::Str;
        b.put_named("meta.source", text("xray"));
        b.put_named("meta.signal_type", text("trace"));
        b.put_named("http.request.method", text(r.method));
        let url = format!("http://{host}{}", r.path);
        b.put_named("url.full", text(&url));
        b.put_named("user_agent.original", text(&r.agent));
        b.put_named("client.address", text(&r.client));
        b.put_named(
            "http.response.status_code",
            ValueRef::Int(i64::from(r.status)),
        );
        if let Some((kind, message)) = &r.exception {
            b.put_named("exception.type", text(kind));
            b.put_named("exception.message", text(message));
        }
        if self.setting.ids {
            // An annotation.
            b.put_named("request_id", text(&ids.request));
        }
        b.end_row();
        self.told(Some(number), Source::Segments, event_id, ts);
        span
    }

    fn lines(&mut self, number: usize, r: &Request, ids: &Ids) {
        // The hook runs behind the view, just before the spans end.
        let at = r.start + r.duration - self.delay(0.2) - nanos(0.1);
        let at = at + self.lateness(Source::Lines);
        if self.setting.routes.gateway.is_some() {
            let text = format!(
                "{} - - [28/Nov/2026:09:00:00 +0000] \"{} {} HTTP/1.1\" {} 512 \"-\" \"{}\"",
                r.client,
                r.method,
                target(r),
                r.status,
                r.agent
            );
            // A proxy writes its line when the answer is out.
            let after = r.start + r.duration + self.delay(0.2);
            let named = format!("{text} request_id={}", ids.request);
            let text = if self.setting.ids { named } else { text };
            self.line(Some(number), "gateway", after, &text, None);
        }
        let phrase = match r.status {
            200 => "OK",
            404 => "NOT FOUND",
            422 => "UNPROCESSABLE ENTITY",
            _ => "INTERNAL SERVER ERROR",
        };
        let text = if self.habits.json_lines {
            let json = serde_json::json!({
                "level": "INFO", "method": r.method, "path": target(r), "status": r.status,
                "remote_addr": r.client, "message": "handled",
            });
            json.to_string()
        } else {
            let query = r.query.as_deref().unwrap_or_default();
            format!(
                "[2026-Nov-28 09:00] {} {} http {}?{query} {} {phrase}",
                r.client, r.method, r.path, r.status
            )
        };
        // Where the two trace ids differ, the request's own id ties them.
        let text = if self.setting.ids && ids.otel != ids.xray {
            format!("{text} request_id={}", ids.request)
        } else {
            text
        };
        let (text, trace) = match (self.setting.ids, number % 3) {
            (false, _) => (text, None),
            // What intake found in the line is in the column.
            (true, 0) => (format!("{text} trace_id={}", ids.otel), Some(ids.otel)),
            // The column has the one id, the text the other one too.
            (true, 1) => (
                format!("{text} X-Amzn-Trace-Id: {}", root(ids.xray)),
                Some(ids.otel),
            ),
            (true, _) => (format!("{text} request_id={}", ids.request), None),
        };
        self.line(Some(number), "cruddur", at, &text, trace);
    }

    fn line(
        &mut self,
        number: Option<usize>,
        group: &str,
        at: i64,
        text: &str,
        trace: Option<TraceId>,
    ) {
        let event_id = EventId(self.rng.random());
        let ts = self.at(Source::Lines, at).div_euclid(1_000_000) * 1_000_000;
        let b = &mut self.logs;
        b.begin_row(ts);
        b.set_dataset(&format!("logs-{group}"));
        b.set_event_id(event_id);
        b.set_body(text);
        if let Some(trace) = trace {
            b.set_trace_id(trace);
            b.put_named("meta.annotation_type", ValueRef::Str("span_event"));
        }
        b.put_named("meta.source", ValueRef::Str("cloudwatch"));
        b.put_named("meta.signal_type", ValueRef::Str("log"));
        b.put_named("aws.log.group.name", ValueRef::Str(group));
        b.put_named("aws.log.stream.name", ValueRef::Str("web-1"));
        b.end_row();
        self.told(number, Source::Lines, event_id, ts);
    }

    fn occurrence(&mut self, number: usize, r: &Request, ids: &Ids) {
        let Some((kind, message)) = &r.exception else {
            return;
        };
        let routes = self.setting.routes;
        let event_id = EventId(self.rng.random());
        // Reported by a thread behind the request, received some time later by another machine.
        let way = nanos(12.0 + 6.0 * normal(&mut self.rng).abs()) + self.delay(25.0);
        let way = way + self.lateness(Source::Occurrences);
        let ts = self.at(Source::Occurrences, r.start + r.duration - nanos(1.0) + way);
        let b = &mut self.errors;
        b.begin_row(ts);
        b.set_dataset("rollbar-cruddur");
        b.set_event_id(event_id);
        b.set_service("cruddur");
        b.set_name(&format!("{kind}: {message}"));
        b.set_status("error");
        b.set_body(message);
        let text = ValueRef::Str;
        b.put_named("meta.source", text("rollbar"));
        b.put_named("meta.signal_type", text("error"));
        b.put_named("exception.type", text(kind));
        b.put_named("exception.message", text(message));
        b.put_named("severity", text("error"));
        b.put_named("http.request.method", text(r.method));
        let url = format!("http://{}{}", routes.host, target(r));
        b.put_named("url.full", text(&url));
        let client = if self.habits.proxy_address {
            "192.168.0.1"
        } else {
            &r.client
        };
        b.put_named("client.address", text(client));
        b.put_named("user_agent.original", text(&r.agent));
        b.put_named("http.route", text(&r.route));
        b.put_named("host.name", text(routes.service));
        b.put_named("process.pid", ValueRef::Int(41));
        if self.setting.ids {
            // From the traceparent header, or the header of X-Ray: whichever came with the request.
            b.set_trace_id(if number.is_multiple_of(4) {
                ids.xray
            } else {
                ids.otel
            });
            b.put_named("request_id", text(&ids.request));
        }
        b.end_row();
        self.told(Some(number), Source::Occurrences, event_id, ts);
    }

    /// Lines that are of no request, and of no use.
    fn noise(&mut self) {
        for i in 0..400 {
            let at = T0 + nanos(self.rng.random::<f64>() * self.setting.seconds * 1e3);
            let user = uuid(&mut self.rng);
            let text = match i % 4 {
                0 => "Test log".to_owned(),
                1 => format!("user {user} has 200 points"),
                2 => "GET is not allowed here".to_owned(),
                _ => format!("cache miss for {user} in 3 ms"),
            };
            self.line(None, "cruddur", at, &text, None);
        }
    }
}

/// Path and query.
fn target(r: &Request) -> String {
    match &r.query {
        Some(query) => format!("{}?{query}", r.path),
        None => r.path.clone(),
    }
}

/// X-Ray's header.
fn root(id: TraceId) -> String {
    let hex: String = id.0.iter().map(|b| format!("{b:02x}")).collect();
    format!("Root=1-{}-{};Sampled=1", &hex[..8], &hex[8..])
}
