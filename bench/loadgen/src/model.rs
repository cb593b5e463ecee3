//! The synthetic system: services with routes, and a stream of traces in it.
//! Spans are handed to per-service-instance buffers, as one SDK process would
//! batch them, so a trace is spread over the batches of several services.

use crate::rng::{Rng, mix};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, span::Event, status::StatusCode,
};
use prost::Message;
use std::fmt::Write as _;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    Traces,
    Logs,
    Events,
    /// The events, one JSON object a line (flat, no envelope).
    JsonLines,
}

#[derive(Clone)]
pub struct Config {
    pub signal: Signal,
    pub seed: u64,
    pub services: usize,
    pub routes: usize,
    pub users: u64,
    pub batch: usize,
    pub total: u64,
    /// Window of the timestamps, Unix nanoseconds.
    pub start_ns: u64,
    pub end_ns: u64,
    pub shards: usize,
    /// Adds the resource attribute `loadgen.batch` = sequence number of the body.
    pub batch_attr: bool,
}

pub struct Body {
    pub data: Vec<u8>,
    pub items: u32,
    pub raw_len: u32,
    pub seq: u64,
}

const SERVICE_NAMES: &[&str] = &[
    "api-gateway",
    "checkout",
    "cart",
    "catalog",
    "inventory",
    "payments",
    "billing",
    "users",
    "sessions",
    "search",
    "recommendations",
    "shipping",
    "notifications",
    "email-worker",
    "image-proxy",
    "reporting",
    "webhooks",
    "feature-flags",
    "audit-log",
    "admin",
];
const NOUNS: &[&str] = &[
    "orders",
    "items",
    "users",
    "carts",
    "products",
    "invoices",
    "payments",
    "sessions",
    "labels",
    "shipments",
    "reviews",
    "coupons",
    "accounts",
    "events",
    "reports",
    "projects",
    "teams",
    "exports",
    "webhooks",
    "subscriptions",
];
const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE"];
const PLANS: &[&str] = &[
    "free",
    "free",
    "free",
    "free",
    "team",
    "team",
    "business",
    "enterprise",
];
const REGIONS: &[&str] = &["eu-central-1", "us-east-1", "us-west-2"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "curl/8.8.0",
];
const LANGS: &[&str] = &["go", "java", "nodejs", "python", "rust"];
const EXC: &[(&str, &str)] = &[
    ("TimeoutError", "upstream request timed out after 5000ms"),
    ("ConnectionResetError", "connection reset by peer"),
    (
        "ValidationError",
        "field 'quantity' must be greater than zero",
    ),
    (
        "IntegrityError",
        "duplicate key value violates unique constraint \"orders_pkey\"",
    ),
    ("PaymentDeclined", "card was declined: insufficient_funds"),
];

struct Route {
    method: &'static str,
    template: String,
    func: String,
    median_us: f64,
}

struct Service {
    name: String,
    lang: &'static str,
    routes: Vec<Route>,
    down: Vec<usize>,
    db: &'static str,
}

pub struct System {
    services: Vec<Service>,
}

fn kv(k: &str, v: Value) -> KeyValue {
    KeyValue {
        key: k.to_string(),
        value: Some(AnyValue { value: Some(v) }),
        ..Default::default()
    }
}
fn s(k: &str, v: impl Into<String>) -> KeyValue {
    kv(k, Value::StringValue(v.into()))
}
fn i(k: &str, v: i64) -> KeyValue {
    kv(k, Value::IntValue(v))
}
fn f(k: &str, v: f64) -> KeyValue {
    kv(k, Value::DoubleValue(v))
}
fn b(k: &str, v: bool) -> KeyValue {
    kv(k, Value::BoolValue(v))
}

impl System {
    pub fn new(c: &Config) -> System {
        let mut r = Rng::new(c.seed ^ 0x5157_5157);
        let n = c.services.max(1);
        let services = (0..n)
            .map(|x| {
                let name = match SERVICE_NAMES.get(x) {
                    Some(v) => v.to_string(),
                    None => format!("service-{x:03}"),
                };
                let routes = (0..c.routes.max(1))
                    .map(|_| {
                        let a = *r.pick(NOUNS);
                        let bn = *r.pick(NOUNS);
                        let method = *r.pick(METHODS);
                        let template = match r.below(4) {
                            0 => format!("/api/v2/{a}"),
                            1 => format!("/api/v2/{a}/{{id}}"),
                            2 => format!("/api/v2/{a}/{{id}}/{bn}"),
                            _ => format!("/api/v1/{a}/{{id}}/{bn}/{{sub_id}}"),
                        };
                        Route {
                            method,
                            func: format!("{}Controller.{}_{}", cap(a), method.to_lowercase(), bn),
                            template,
                            median_us: r.lognormal(18_000.0, 0.9),
                        }
                    })
                    .collect();
                let down = (0..3)
                    .map(|_| r.below(n as u64) as usize)
                    .filter(|d| *d != x)
                    .collect();
                Service {
                    name,
                    lang: LANGS[x % LANGS.len()],
                    routes,
                    down,
                    db: if x % 3 == 0 { "mysql" } else { "postgresql" },
                }
            })
            .collect();
        System { services }
    }
}

fn cap(v: &str) -> String {
    let mut c = v.chars();
    c.next()
        .map(|f| f.to_uppercase().collect::<String>() + c.as_str())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    let mut o = String::with_capacity(bytes.len() * 2);
    for x in bytes {
        let _ = write!(o, "{x:02x}");
    }
    o
}

/// One shard = one set of service instances ("pods") with its own random stream.
pub struct Shard<'a> {
    c: &'a Config,
    sys: &'a System,
    rng: Rng,
    shard: usize,
    made: u64,
    quota: u64,
    bodies: u64,
    spans: Vec<Vec<Span>>,
    logs: Vec<Vec<LogRecord>>,
    events: Vec<(String, u32)>,
    resources: Vec<Resource>,
    flushed: bool,
}

struct Trace {
    id: [u8; 16],
    user: u64,
    user_id: String,
    plan: &'static str,
    request_id: String,
    tenant: String,
    ip: String,
    agent: &'static str,
    session: String,
    rare: bool,
    flag_on: bool,
    start: u64,
}

struct Parent {
    svc: usize,
    id: [u8; 8],
    start: u64,
    end: u64,
}

impl<'a> Shard<'a> {
    pub fn new(c: &'a Config, sys: &'a System, shard: usize) -> Self {
        let n = sys.services.len();
        let per = c.total / c.shards as u64;
        let quota = per + u64::from((shard as u64) < c.total % c.shards as u64);
        let resources = sys
            .services
            .iter()
            .enumerate()
            .map(|(x, sv)| {
                let h = mix(c.seed ^ (x as u64) << 20 ^ shard as u64);
                let pod = format!("{}-{:08x}-{:05x}", sv.name, (h >> 32) as u32, h & 0xfffff);
                Resource {
                    attributes: vec![
                        s("service.name", &sv.name[..]),
                        s("service.version", format!("2.{}.{}", x % 7, shard % 3)),
                        s("service.instance.id", hex(&mix(h).to_be_bytes())),
                        s("service.namespace", "shop"),
                        s("deployment.environment.name", "production"),
                        s("host.name", format!("ip-10-0-{}-{}", x, 10 + shard)),
                        s("k8s.namespace.name", "shop-prod"),
                        s("k8s.pod.name", pod),
                        s("cloud.region", REGIONS[shard % REGIONS.len()]),
                        s("telemetry.sdk.name", "opentelemetry"),
                        s("telemetry.sdk.language", sv.lang),
                        s("telemetry.sdk.version", "1.27.0"),
                        i("process.pid", 100 + (h & 0x7fff) as i64),
                    ],
                    ..Default::default()
                }
            })
            .collect();
        Shard {
            c,
            sys,
            rng: Rng::new(c.seed.wrapping_mul(0x1000_0001).wrapping_add(shard as u64)),
            shard,
            made: 0,
            quota,
            bodies: 0,
            spans: (0..n).map(|_| Vec::with_capacity(c.batch)).collect(),
            logs: (0..n).map(|_| Vec::new()).collect(),
            events: (0..n).map(|_| (String::new(), 0)).collect(),
            resources,
            flushed: false,
        }
    }

    /// Makes about `max` further items; the bodies that became full are returned.
    pub fn make(&mut self, max: u64) -> Vec<Body> {
        let mut out = Vec::new();
        let until = (self.made + max).min(self.quota);
        while self.made < until {
            self.trace(&mut out);
        }
        if self.made >= self.quota && !self.flushed {
            self.flushed = true;
            for svc in 0..self.spans.len() {
                self.flush(svc, &mut out);
            }
        }
        out
    }

    pub fn done(&self) -> bool {
        self.flushed
    }

    fn flush(&mut self, svc: usize, out: &mut Vec<Body>) {
        let seq = self.bodies * self.c.shards as u64 + self.shard as u64;
        let mut res = self.resources[svc].clone();
        if self.c.batch_attr {
            res.attributes.push(i("loadgen.batch", seq as i64));
        }
        let sv = &self.sys.services[svc];
        let scope = InstrumentationScope {
            name: format!("io.opentelemetry.{}.http", sv.lang),
            version: "2.6.0".into(),
            ..Default::default()
        };
        let (data, items) = match self.c.signal {
            Signal::Traces => {
                let spans =
                    std::mem::replace(&mut self.spans[svc], Vec::with_capacity(self.c.batch));
                let items = spans.len();
                let m = ExportTraceServiceRequest {
                    resource_spans: vec![ResourceSpans {
                        resource: Some(res),
                        scope_spans: vec![ScopeSpans {
                            scope: Some(scope),
                            spans,
                            ..Default::default()
                        }],
                        schema_url: "https://opentelemetry.io/schemas/1.27.0".into(),
                    }],
                };
                (m.encode_to_vec(), items)
            }
            Signal::Logs => {
                let recs = std::mem::take(&mut self.logs[svc]);
                let items = recs.len();
                let m = ExportLogsServiceRequest {
                    resource_logs: vec![ResourceLogs {
                        resource: Some(res),
                        scope_logs: vec![ScopeLogs {
                            scope: Some(scope),
                            log_records: recs,
                            ..Default::default()
                        }],
                        schema_url: "https://opentelemetry.io/schemas/1.27.0".into(),
                    }],
                };
                (m.encode_to_vec(), items)
            }
            Signal::Events | Signal::JsonLines => {
                let (mut text, items) = std::mem::take(&mut self.events[svc]);
                if items > 0 && self.c.signal == Signal::Events {
                    text.push(']');
                }
                (text.into_bytes(), items as usize)
            }
        };
        if items == 0 {
            return;
        }
        self.bodies += 1;
        out.push(Body {
            raw_len: data.len() as u32,
            data,
            items: items as u32,
            seq,
        });
    }

    fn emit(&mut self, svc: usize, span: Span, tr: &Trace, out: &mut Vec<Body>) {
        self.made += 1;
        let full = match self.c.signal {
            Signal::Traces => {
                self.spans[svc].push(span);
                self.spans[svc].len()
            }
            Signal::Logs => {
                let rec = self.log_of(svc, span, tr);
                self.logs[svc].push(rec);
                self.logs[svc].len()
            }
            Signal::Events | Signal::JsonLines => {
                let res = &self.resources[svc];
                let (text, n) = &mut self.events[svc];
                event_json(
                    text,
                    *n == 0,
                    self.c.signal == Signal::JsonLines,
                    &span,
                    res,
                );
                *n += 1;
                *n as usize
            }
        };
        if full >= self.c.batch {
            self.flush(svc, out);
        }
    }

    fn trace(&mut self, out: &mut Vec<Body>) {
        let r = &mut self.rng;
        // 2..=12 uniform (mean 7) and 1 % of large ones (mean 100): mean 7.9
        let mut n = if r.chance(0.01) {
            60 + r.below(81)
        } else {
            2 + r.below(11)
        };
        n = n.min(self.quota - self.made);
        let done = self.made as f64 / self.quota.max(1) as f64;
        let span_ns = self.c.end_ns.saturating_sub(self.c.start_ns);
        let jitter = r.below(2_000_000_000.min(span_ns / 100 + 1));
        let start = self.c.start_ns + (done * span_ns as f64 * 0.99) as u64 + jitter;
        let mut id = [0u8; 16];
        id[..8].copy_from_slice(&r.u64().to_be_bytes());
        id[8..].copy_from_slice(&(r.u64() | 1).to_be_bytes());
        // half of the traffic from a skewed head, half uniform
        let users = self.c.users.max(2);
        let user = if r.chance(0.5) {
            (users as f64).powf(r.f64()) as u64 % users
        } else {
            r.below(users)
        };
        let uh = mix(user ^ 0xabc);
        let tr = Trace {
            id,
            user,
            user_id: format!("usr_{:010x}", uh & 0xff_ffff_ffff),
            plan: PLANS[(uh >> 8) as usize % PLANS.len()],
            request_id: format!(
                "req-{}",
                hex(&mix(u64::from_be_bytes(id[..8].try_into().unwrap())).to_be_bytes())
            ),
            tenant: format!("tenant-{:04}", (uh >> 16) % 2000),
            ip: format!(
                "{}.{}.{}.{}",
                11 + (uh >> 24) % 200,
                (uh >> 32) % 256,
                (uh >> 40) % 256,
                1 + (uh >> 48) % 250
            ),
            agent: AGENTS[(uh >> 20) as usize % AGENTS.len()],
            session: format!("{:016x}", mix(uh ^ (start / 600_000_000_000))),
            rare: r.chance(0.0005),
            flag_on: uh % 10 == 0,
            start,
        };
        let root_svc = r.below(3.min(self.sys.services.len() as u64)) as usize;
        let mut parents: Vec<Parent> = Vec::with_capacity(8);
        let mut left = n;
        self.server_span(root_svc, None, &tr, &mut parents, out);
        left -= 1;
        while left > 0 {
            let pi = if parents.len() == 1 || self.rng.chance(0.4) {
                0
            } else {
                self.rng.below(parents.len() as u64) as usize
            };
            let what = self.rng.below(100);
            if what >= 80 && left >= 2 && !self.sys.services[parents[pi].svc].down.is_empty() {
                self.rpc(pi, &tr, &mut parents, out);
                left -= 2;
            } else {
                self.leaf(pi, what, &tr, &parents, out);
                left -= 1;
            }
        }
    }

    fn base(
        &mut self,
        tr: &Trace,
        parent: Option<[u8; 8]>,
        start: u64,
        end: u64,
        name: String,
        kind: i32,
    ) -> Span {
        let id = (self.rng.u64() | 1).to_be_bytes();
        let mut attributes = Vec::with_capacity(24);
        attributes.extend([
            s("user.id", &tr.user_id[..]),
            s("app.tenant_id", &tr.tenant[..]),
            s("app.plan", tr.plan),
            s("app.request_id", &tr.request_id[..]),
            s("session.id", &tr.session[..]),
            b("app.feature.new_checkout", tr.flag_on),
            i("thread.id", 1 + self.rng.below(64) as i64),
        ]);
        if tr.rare {
            attributes.push(s("app.debug_ticket", format!("TICKET-{}", tr.user % 1000)));
        }
        Span {
            trace_id: tr.id.to_vec(),
            span_id: id.to_vec(),
            parent_span_id: parent.map(|p| p.to_vec()).unwrap_or_default(),
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            flags: 0x101,
            ..Default::default()
        }
    }

    fn window(&mut self, p: &Parent, share: f64) -> (u64, u64) {
        let len = p.end - p.start;
        let d = ((len as f64 * share * (0.05 + 0.95 * self.rng.f64())) as u64)
            .clamp(1_000, len.max(1_001));
        let st = p.start + self.rng.below((len.saturating_sub(d)).max(1));
        (st, st + d)
    }

    fn server_span(
        &mut self,
        svc: usize,
        parent: Option<(&[u8; 8], u64, u64)>,
        tr: &Trace,
        parents: &mut Vec<Parent>,
        out: &mut Vec<Body>,
    ) {
        let sys = self.sys;
        let sv = &sys.services[svc];
        let route = self.rng.pick(&sv.routes);
        let (start, end) = match parent {
            None => (
                tr.start,
                tr.start + (self.rng.lognormal(route.median_us, 0.8) * 1000.0) as u64 + 50_000,
            ),
            Some((_, a, z)) => (a + (z - a) / 20, z - (z - a) / 20),
        };
        let error = self.rng.chance(0.015);
        let status = if error {
            *self.rng.pick(&[500, 502, 503, 504])
        } else if self.rng.chance(0.04) {
            *self.rng.pick(&[400, 401, 403, 404, 404, 404, 409, 429])
        } else if route.method == "POST" {
            201
        } else {
            200
        };
        let mut path = String::with_capacity(48);
        for seg in route.template.split('/').skip(1) {
            path.push('/');
            match seg {
                "{id}" => {
                    let _ = write!(path, "{}", 100_000 + self.rng.below(5_000_000));
                }
                "{sub_id}" => {
                    let _ = write!(path, "{:08x}", self.rng.u64() as u32);
                }
                v => path.push_str(v),
            }
        }
        let mut sp = self.base(
            tr,
            parent.map(|p| *p.0),
            start,
            end,
            format!("{} {}", route.method, route.template),
            2,
        );
        let host = format!("{}.shop.example", sv.name);
        let query = if route.method == "GET" {
            format!("page={}&limit=50", self.rng.below(40))
        } else {
            String::new()
        };
        let a = &mut sp.attributes;
        a.push(s("http.request.method", route.method));
        a.push(s("http.route", &route.template[..]));
        a.push(s(
            "url.full",
            if query.is_empty() {
                format!("https://{host}{path}")
            } else {
                format!("https://{host}{path}?{query}")
            },
        ));
        a.push(s("url.path", path));
        a.push(i("http.response.status_code", status));
        a.push(s("server.address", host));
        a.push(i("server.port", 443));
        a.push(s("client.address", &tr.ip[..]));
        a.push(s("user_agent.original", tr.agent));
        a.push(s("network.protocol.version", "1.1"));
        a.push(s("code.function.name", &route.func[..]));
        a.push(i(
            "http.response.body.size",
            self.rng.lognormal(4000.0, 1.2) as i64,
        ));
        a.push(f(
            "app.cart_value",
            (self.rng.lognormal(40.0, 0.8) * 100.0).round() / 100.0,
        ));
        a.push(b("app.cache_hit", self.rng.chance(0.7)));
        if error {
            let (t, m) = *self.rng.pick(EXC);
            sp.status = Some(Status {
                message: m.to_string(),
                code: StatusCode::Error as i32,
            });
            a.push(s("error.type", t));
            sp.events.push(Event {
                time_unix_nano: end - 1000,
                name: "exception".into(),
                attributes: vec![
                    s("exception.type", t),
                    s("exception.message", m),
                    s("exception.stacktrace", format!(
                        "{t}: {m}\n    at {}({}.java:{})\n    at shop.http.Router.dispatch(Router.java:{})\n    at shop.http.Server.run(Server.java:118)\n    at java.lang.Thread.run(Thread.java:840)",
                        route.func, sv.name, 20 + self.rng.below(400), 40 + self.rng.below(60)
                    )),
                ],
                ..Default::default()
            });
        }
        let id: [u8; 8] = sp.span_id[..].try_into().unwrap();
        parents.push(Parent {
            svc,
            id,
            start,
            end,
        });
        self.emit(svc, sp, tr, out);
    }

    fn rpc(&mut self, pi: usize, tr: &Trace, parents: &mut Vec<Parent>, out: &mut Vec<Body>) {
        let (start, end) = self.window(
            &Parent {
                ..copy(&parents[pi])
            },
            0.6,
        );
        let svc = parents[pi].svc;
        let down = *self.rng.pick(&self.sys.services[svc].down);
        let host = format!(
            "{}.shop-prod.svc.cluster.local",
            self.sys.services[down].name
        );
        let mut sp = self.base(tr, Some(parents[pi].id), start, end, "POST".into(), 3);
        let port = 8080;
        sp.attributes.extend([
            s("http.request.method", "POST"),
            s(
                "url.full",
                format!(
                    "http://{host}:{port}/internal/call?trace={:06x}",
                    self.rng.below(1 << 24)
                ),
            ),
            s("server.address", host),
            i("server.port", port),
            i("http.response.status_code", 200),
            i("http.request.resend_count", self.rng.below(2) as i64),
            s("network.protocol.version", "1.1"),
            s(
                "network.peer.address",
                format!("10.0.{}.{}", down, 10 + self.shard),
            ),
            i("network.peer.port", 8080),
            s("peer.service", &self.sys.services[down].name[..]),
            i(
                "http.request.body.size",
                self.rng.lognormal(900.0, 1.0) as i64,
            ),
            i(
                "http.response.body.size",
                self.rng.lognormal(2500.0, 1.0) as i64,
            ),
        ]);
        let id: [u8; 8] = sp.span_id[..].try_into().unwrap();
        self.emit(svc, sp, tr, out);
        self.server_span(down, Some((&id, start, end)), tr, parents, out);
    }

    fn leaf(&mut self, pi: usize, what: u64, tr: &Trace, parents: &[Parent], out: &mut Vec<Body>) {
        let (start, end) = self.window(
            &Parent {
                ..copy(&parents[pi])
            },
            0.35,
        );
        let svc = parents[pi].svc;
        let sv = &self.sys.services[svc];
        let pid = Some(parents[pi].id);
        let noun = *self.rng.pick(NOUNS);
        let key = 100_000 + self.rng.below(5_000_000);
        let sp = if what < 45 {
            let op;
            let text = match self.rng.below(6) {
                0 => {
                    op = "SELECT";
                    format!("SELECT id, status, total, created_at FROM {noun} WHERE id = {key}")
                }
                1 => {
                    op = "SELECT";
                    format!(
                        "SELECT o.*, u.email FROM {noun} o JOIN users u ON u.id = o.user_id WHERE o.user_id = {} AND o.created_at > '2026-01-{:02}' ORDER BY o.created_at DESC LIMIT 50",
                        tr.user,
                        1 + self.rng.below(28)
                    )
                }
                2 => {
                    op = "UPDATE";
                    format!("UPDATE {noun} SET status = $1, updated_at = now() WHERE id = $2")
                }
                3 => {
                    op = "INSERT";
                    format!(
                        "INSERT INTO {noun} (id, user_id, total, currency) VALUES ({key}, {}, {}.{:02}, 'EUR') RETURNING id",
                        tr.user,
                        self.rng.below(900),
                        self.rng.below(100)
                    )
                }
                4 => {
                    op = "SELECT";
                    format!(
                        "SELECT count(*) FROM {noun} WHERE tenant_id = $1 AND deleted_at IS NULL"
                    )
                }
                _ => {
                    op = "DELETE";
                    format!(
                        "DELETE FROM {noun} WHERE expires_at < now() - interval '30 days' AND id < {key}"
                    )
                }
            };
            let mut sp = self.base(tr, pid, start, end, format!("{op} {noun}"), 3);
            sp.attributes.extend([
                s("db.system.name", sv.db),
                s("db.namespace", format!("{}_prod", sv.name)),
                s("db.operation.name", op),
                s("db.collection.name", noun),
                s("db.query.text", text),
                s(
                    "server.address",
                    format!("{}-db-{}.internal", sv.name, self.shard % 2),
                ),
                i("server.port", if sv.db == "mysql" { 3306 } else { 5432 }),
                i(
                    "db.response.returned_rows",
                    self.rng.lognormal(6.0, 1.2) as i64,
                ),
                s("db.user", "app_rw"),
                s(
                    "network.peer.address",
                    format!("10.1.{}.{}", svc, self.shard),
                ),
                i(
                    "db.client.connection.pool.wait_us",
                    self.rng.lognormal(30.0, 1.5) as i64,
                ),
                s("thread.name", format!("db-pool-{}", self.rng.below(16))),
            ]);
            if self.rng.chance(0.004) {
                let (t, m) = *self.rng.pick(EXC);
                sp.status = Some(Status {
                    message: m.to_string(),
                    code: StatusCode::Error as i32,
                });
                sp.attributes.push(s("error.type", t));
            }
            sp
        } else if what < 65 {
            let hit = self.rng.chance(0.85);
            let op = if hit { "GET" } else { "SET" };
            let mut sp = self.base(tr, pid, start, end, op.into(), 3);
            sp.attributes.extend([
                s("db.system.name", "redis"),
                s("db.operation.name", op),
                s("db.query.text", format!("{op} {noun}:{key}")),
                s("server.address", "redis-main.internal"),
                i("server.port", 6379),
                i("db.redis.database_index", self.rng.below(4) as i64),
                b("cache.hit", hit),
                i("cache.item_size", self.rng.lognormal(700.0, 1.0) as i64),
                s("network.transport", "tcp"),
                s("network.peer.address", format!("10.2.0.{}", self.shard)),
            ]);
            sp
        } else {
            let mut sp = self.base(tr, pid, start, end, format!("{noun}.process"), 1);
            sp.attributes.extend([
                s(
                    "code.function.name",
                    format!("shop.{noun}.Processor.process"),
                ),
                s("code.file.path", format!("src/{noun}/processor.rs")),
                i("code.line.number", 10 + self.rng.below(800) as i64),
                i("app.items_processed", self.rng.lognormal(12.0, 1.0) as i64),
                i("app.retry_count", self.rng.below(3) as i64),
                s("app.queue", format!("{noun}-high")),
                f("app.score", self.rng.f64()),
                s("app.entity_id", format!("{noun}/{key}")),
                s("thread.name", format!("worker-{}", self.rng.below(32))),
                b("app.async", self.rng.chance(0.3)),
            ]);
            sp
        };
        self.emit(svc, sp, tr, out);
    }

    fn log_of(&mut self, svc: usize, span: Span, tr: &Trace) -> LogRecord {
        let err = span.status.as_ref().is_some_and(|x| x.code == 2);
        let (num, text) = if err {
            (17, "ERROR")
        } else {
            match self.rng.below(20) {
                0 => (13, "WARN"),
                1..=4 => (5, "DEBUG"),
                _ => (9, "INFO"),
            }
        };
        let us = (span.end_time_unix_nano - span.start_time_unix_nano) / 1000;
        let body = match self.rng.below(5) {
            0 => format!("finished {} in {}us for user {}", span.name, us, tr.user_id),
            1 => format!(
                "{} - - \"{}\" 200 {} \"-\" {}",
                tr.ip,
                span.name,
                self.rng.below(40_000),
                tr.agent
            ),
            2 => format!(
                "cache lookup key={}:{} hit={} took={}us",
                self.sys.services[svc].name,
                self.rng.below(5_000_000),
                self.rng.chance(0.8),
                us
            ),
            3 => format!(
                "{{\"msg\":\"request done\",\"route\":\"{}\",\"duration_us\":{},\"request_id\":\"{}\"}}",
                span.name, us, tr.request_id
            ),
            _ => format!(
                "processing {} for tenant {} plan {} (attempt {})",
                span.name,
                tr.tenant,
                tr.plan,
                1 + self.rng.below(3)
            ),
        };
        let mut attributes = vec![
            s("user.id", &tr.user_id[..]),
            s("app.tenant_id", &tr.tenant[..]),
            s("app.request_id", &tr.request_id[..]),
            s(
                "logger.name",
                format!("shop.{}.Handler", self.sys.services[svc].name),
            ),
            s("code.function.name", &span.name[..]),
            i("thread.id", 1 + self.rng.below(64) as i64),
            i("duration_us", us as i64),
        ];
        if err {
            let (t, m) = *self.rng.pick(EXC);
            attributes.push(s("exception.type", t));
            attributes.push(s("exception.message", m));
        }
        LogRecord {
            time_unix_nano: span.start_time_unix_nano,
            observed_time_unix_nano: span.end_time_unix_nano,
            severity_number: num,
            severity_text: text.into(),
            body: Some(AnyValue {
                value: Some(Value::StringValue(body)),
            }),
            attributes,
            trace_id: span.trace_id,
            span_id: span.span_id,
            flags: 1,
            ..Default::default()
        }
    }
}

fn copy(p: &Parent) -> Parent {
    Parent {
        svc: p.svc,
        id: p.id,
        start: p.start,
        end: p.end,
    }
}

/// One event of the batched JSON form: `[{"time":..,"samplerate":1,"data":{..}}]`.
/// With `lines`, the flat form instead: `{"time":..,"name":..}` and a line end.
fn event_json(o: &mut String, first: bool, lines: bool, sp: &Span, res: &Resource) {
    match (lines, first) {
        (true, _) => {}
        (false, true) => o.push('['),
        (false, false) => o.push(','),
    }
    o.push_str("{\"time\":\"");
    rfc3339(o, sp.start_time_unix_nano);
    o.push_str(if lines {
        "\",\"name\":"
    } else {
        "\",\"samplerate\":1,\"data\":{\"name\":"
    });
    json_str(o, &sp.name);
    let _ = write!(
        o,
        ",\"trace.trace_id\":\"{}\",\"trace.span_id\":\"{}\",\"duration_ms\":{:.3}",
        hex(&sp.trace_id),
        hex(&sp.span_id),
        (sp.end_time_unix_nano - sp.start_time_unix_nano) as f64 / 1e6
    );
    if !sp.parent_span_id.is_empty() {
        let _ = write!(o, ",\"trace.parent_id\":\"{}\"", hex(&sp.parent_span_id));
    }
    if let Some(st) = &sp.status {
        let _ = write!(o, ",\"error\":{}", st.code == 2);
    }
    for a in res.attributes.iter().chain(&sp.attributes) {
        o.push(',');
        json_str(o, &a.key);
        o.push(':');
        match a.value.as_ref().and_then(|v| v.value.as_ref()) {
            Some(Value::StringValue(v)) => json_str(o, v),
            Some(Value::IntValue(v)) => {
                let _ = write!(o, "{v}");
            }
            Some(Value::DoubleValue(v)) => {
                let _ = write!(o, "{v}");
            }
            Some(Value::BoolValue(v)) => {
                let _ = write!(o, "{v}");
            }
            _ => o.push_str("null"),
        }
    }
    o.push_str(if lines { "}\n" } else { "}}" });
}

fn json_str(o: &mut String, v: &str) {
    o.push('"');
    for c in v.chars() {
        match c {
            '"' => o.push_str("\\\""),
            '\\' => o.push_str("\\\\"),
            '\n' => o.push_str("\\n"),
            c if (c as u32) < 0x20 => {
                let _ = write!(o, "\\u{:04x}", c as u32);
            }
            c => o.push(c),
        }
    }
    o.push('"');
}

fn rfc3339(o: &mut String, ns: u64) {
    let secs = ns / 1_000_000_000;
    let days = (secs / 86_400) as i64;
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    let y = yoe + era * 400 + i64::from(m <= 2);
    let t = secs % 86_400;
    let _ = write!(
        o,
        "{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}.{:09}Z",
        t / 3600,
        t / 60 % 60,
        t % 60,
        ns % 1_000_000_000
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(signal: Signal) -> Config {
        Config {
            signal,
            seed: 1,
            services: 20,
            routes: 12,
            users: 1000,
            batch: 512,
            total: 20_000,
            start_ns: 1_700_000_000_000_000_000,
            end_ns: 1_700_003_600_000_000_000,
            shards: 3,
            batch_attr: false,
        }
    }

    fn bodies(c: &Config, step: u64) -> Vec<Body> {
        let sys = System::new(c);
        let mut v = Vec::new();
        for i in 0..c.shards {
            let mut s = Shard::new(c, &sys, i);
            while !s.done() {
                v.extend(s.make(step));
            }
        }
        v
    }

    #[test]
    fn exact_total_and_same_bytes_whatever_the_wave() {
        for sig in [
            Signal::Traces,
            Signal::Logs,
            Signal::Events,
            Signal::JsonLines,
        ] {
            let c = conf(sig);
            let (a, b) = (bodies(&c, 100_000), bodies(&c, 777));
            assert_eq!(a.iter().map(|b| b.items as u64).sum::<u64>(), c.total);
            assert!(
                a.iter()
                    .zip(&b)
                    .all(|(x, y)| x.data == y.data && x.seq == y.seq)
                    && a.len() == b.len()
            );
        }
    }

    #[test]
    fn spans_decode_and_lie_in_the_window() {
        let c = conf(Signal::Traces);
        let (mut n, mut attrs) = (0, 0);
        for b in bodies(&c, 5000) {
            let m = ExportTraceServiceRequest::decode(&b.data[..]).unwrap();
            let spans = &m.resource_spans[0].scope_spans[0].spans;
            assert_eq!(spans.len(), b.items as usize);
            for s in spans {
                assert!(
                    s.start_time_unix_nano >= c.start_ns
                        && s.start_time_unix_nano < s.end_time_unix_nano
                );
                assert!(s.end_time_unix_nano < c.end_ns + 60_000_000_000);
                n += 1;
                attrs += s.attributes.len();
            }
        }
        assert_eq!(n, 20_000);
        assert!((16..=22).contains(&(attrs / n)), "{}", attrs / n);
    }

    #[test]
    fn time_text() {
        let mut o = String::new();
        rfc3339(&mut o, 951_827_696_000_000_789);
        assert_eq!(o, "2000-02-29T12:34:56.000000789Z");
    }
}
