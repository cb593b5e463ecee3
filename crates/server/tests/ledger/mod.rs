//! The ledger of the kill -9 test: what each protocol's client sends, notes after the
//! acknowledgement, and reads back.

use crate::signed::Call;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::Server;

const GROUP: &str = "/ledger";
const STREAM: &str = "one";
const ROLLBAR_TOKEN: &str = "f045000000000000000000000000dev0";
/// Items of Rollbar that the occurrences are spread over.
const ISSUES: u64 = 5;
/// Most ids of a `BatchGetTraces`.
const TRACES_A_CALL: usize = 100;

/// One protocol's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Spans,
    Lines,
    Segments,
    Occurrences,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Spans, Self::Lines, Self::Segments, Self::Occurrences];

    /// Items of one delivery.
    fn items(self) -> u64 {
        match self {
            Self::Spans => 20,
            Self::Lines => 10,
            Self::Segments => 5,
            Self::Occurrences => 1,
        }
    }

    /// The field that tells which delivery an item came with.
    fn field(self) -> &'static str {
        match self {
            Self::Spans => "ledger.spans",
            Self::Lines => "ledger.lines",
            Self::Segments => "ledger_segments",
            Self::Occurrences => "rollbar.custom.ledger",
        }
    }
}

/// What one client sent, and what it was told.
#[derive(Debug)]
pub(crate) struct Ledger {
    kind: Kind,
    /// Times of what is sent count from here, milliseconds: a delivery sent again has the same bytes.
    base_ms: u64,
    next: AtomicU64,
    acked: Mutex<BTreeSet<u64>>,
    unanswered: Mutex<BTreeSet<u64>>,
}

impl Ledger {
    pub(crate) fn new(kind: Kind, base_ms: u64) -> Self {
        Self {
            kind,
            base_ms,
            next: AtomicU64::new(1),
            acked: Mutex::default(),
            unanswered: Mutex::default(),
        }
    }

    /// Sends until `stop`, or until the server is gone.
    pub(crate) fn send_until(&self, server: &Address, stop: &AtomicBool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !stop.load(Ordering::Relaxed) && Instant::now() < deadline {
            let delivery = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.deliver(server, delivery) {
                return;
            }
            // Leaves the disk's queue to the server, and keeps the deliveries below the limit of groups.
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends what had no answer again, as the clients do that retry.
    pub(crate) fn send_again(&self, server: &Address) {
        let unanswered: Vec<u64> = self.unanswered.lock().unwrap().iter().copied().collect();
        for delivery in unanswered {
            let acked = (0..20).any(|_| {
                let acked = self.deliver(server, delivery);
                if !acked {
                    std::thread::sleep(Duration::from_millis(100));
                }
                acked
            });
            assert!(
                acked,
                "{:?} {delivery} is refused again and again",
                self.kind
            );
        }
    }

    /// Whether it was acknowledged; only then it is noted as such.
    fn deliver(&self, server: &Address, delivery: u64) -> bool {
        let acked = server.post(&self.request(server, delivery));
        let (acked_list, unanswered) = (&self.acked, &self.unanswered);
        if acked {
            unanswered.lock().unwrap().remove(&delivery);
            acked_list.lock().unwrap().insert(delivery);
        } else {
            unanswered.lock().unwrap().insert(delivery);
        }
        acked
    }

    /// Every delivery there is whole and there once; every acknowledged one is there.
    pub(crate) fn check(&self, server: &Server, round: usize) {
        let (kind, stored) = (self.kind, self.stored(server));
        for (delivery, items) in &stored {
            let want = kind.items();
            assert_eq!(*items, want, "{kind:?} {delivery} before round {round}");
        }
        for delivery in self.acked.lock().unwrap().iter() {
            assert!(
                stored.contains_key(delivery),
                "{kind:?} {delivery} was acknowledged and is gone before round {round}"
            );
        }
        let sent = self.next.load(Ordering::Relaxed);
        assert!(stored.keys().all(|delivery| *delivery < sent));
        if kind == Kind::Occurrences {
            check_issues(server, &stored, round);
        }
    }

    /// After all that was ever sent was acknowledged: just that is there, item by item, by the
    /// protocol's own way to read.
    pub(crate) fn check_all(&self, server: &Server) {
        let sent: Vec<u64> = (1..self.next.load(Ordering::Relaxed)).collect();
        let stored: Vec<u64> = self.stored(server).into_keys().collect();
        assert_eq!(stored, sent, "{:?}", self.kind);
        match self.kind {
            Kind::Lines => self.check_lines(server, &sent),
            Kind::Segments => self.check_documents(server, &sent),
            Kind::Spans | Kind::Occurrences => {}
        }
    }

    pub(crate) fn acked(&self) -> usize {
        self.acked.lock().unwrap().len()
    }

    /// How many items of each delivery are there.
    fn stored(&self, server: &Server) -> BTreeMap<u64, u64> {
        let field = self.kind.field();
        let query = json!({"calculations": [{"op": "COUNT"}], "breakdowns": [field], "limit": 10_000, "time_range": 7_200});
        server.query(None, &query)["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|r| Some((r[field].as_u64()?, r["COUNT"].as_u64()?)))
            .collect()
    }

    /// `GetLogEvents` from the head to the end: every line once.
    fn check_lines(&self, server: &Server, sent: &[u64]) {
        let mut want: Vec<String> = sent.iter().flat_map(|d| lines(*d)).collect();
        let mut got = Vec::new();
        let mut ask =
            json!({"logGroupName": GROUP, "logStreamName": STREAM, "startFromHead": true});
        loop {
            let page = Call::logs("GetLogEvents", &ask).ok(server);
            let events = page["events"].as_array().unwrap();
            got.extend(
                events
                    .iter()
                    .map(|e| e["message"].as_str().unwrap().to_owned()),
            );
            if ask["nextToken"] == page["nextForwardToken"] {
                break;
            }
            ask["nextToken"] = page["nextForwardToken"].clone();
        }
        want.sort();
        got.sort();
        assert!(got == want, "{} lines, want {}", got.len(), want.len());
    }

    /// `BatchGetTraces`: every document once, byte for byte.
    fn check_documents(&self, server: &Server, sent: &[u64]) {
        for some in sent.chunks(TRACES_A_CALL) {
            let want = some.iter().map(|d| (trace_id(*d), self.documents(*d)));
            let want: BTreeMap<String, Vec<String>> = want.collect();
            let ids: Vec<String> = want.keys().cloned().collect();
            let mut got: BTreeMap<_, _> = Call::documents(server, &ids).into_iter().collect();
            got.values_mut().for_each(|documents| documents.sort());
            for (id, documents) in &want {
                assert_eq!(got.get(id), Some(documents), "{id}");
            }
        }
    }

    fn request(&self, server: &Address, delivery: u64) -> Request {
        match self.kind {
            Kind::Spans => Request {
                url: format!("http://{}/v1/traces", server.otlp),
                headers: vec![
                    ("content-type".into(), "application/json".into()),
                    ("x-honeycomb-team".into(), "fsdev_ingest_key_000000".into()),
                ],
                body: self.spans(delivery).to_string().into_bytes(),
                is_whole: |_| true,
            },
            Kind::Lines => {
                let ms = self.base_ms + delivery;
                let events: Vec<Value> = lines(delivery)
                    .map(|line| json!({"timestamp": ms, "message": line}))
                    .collect();
                let input =
                    json!({"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events});
                let call = Call::logs("PutLogEvents", &input)
                    .header("amz-sdk-invocation-id", &format!("ledger-{delivery}"));
                Request::of_call(server, call, |answer| {
                    answer.get("rejectedLogEventsInfo").is_none()
                })
            }
            Kind::Segments => {
                let input = json!({"TraceSegmentDocuments": self.documents(delivery)});
                Request::of_call(server, Call::xray("/TraceSegments", &input), |answer| {
                    answer["UnprocessedTraceSegments"] == json!([])
                })
            }
            Kind::Occurrences => {
                let issue = delivery % ISSUES;
                let body = json!({"data": {
                    "environment": "production", "uuid": format!("ledger-{delivery}"),
                    "fingerprint": format!("f{issue}"), "custom": {"ledger": delivery},
                    "body": {"message": {"body": format!("issue {issue}")}}}});
                Request {
                    url: format!("http://{}/api/1/item/", server.http),
                    headers: vec![("x-rollbar-access-token".into(), ROLLBAR_TOKEN.into())],
                    body: body.to_string().into_bytes(),
                    is_whole: |answer| answer["err"] == 0,
                }
            }
        }
    }

    fn spans(&self, delivery: u64) -> Value {
        let start = u128::from(self.base_ms + delivery) * 1_000_000;
        let n = self.kind.items();
        let spans: Vec<Value> = (0..n)
            .map(|i| {
                json!({
                    "traceId": format!("{delivery:032x}"),
                    "spanId": format!("{:016x}", delivery * n + i),
                    "name": "ledger",
                    "kind": 1,
                    "startTimeUnixNano": start.to_string(),
                    "endTimeUnixNano": (start + 1_000_000).to_string(),
                    "attributes": [{"key": self.kind.field(), "value": {"intValue": delivery.to_string()}}],
                })
            })
            .collect();
        json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "ledger"}}]},
            "scopeSpans": [{"spans": spans}],
        }]})
    }

    /// In the order of their ids.
    fn documents(&self, delivery: u64) -> Vec<String> {
        let (n, told) = (self.kind.items(), (self.kind.field(), delivery));
        (0..n)
            .map(|i| document(self.base_ms, delivery, delivery * n + i, told))
            .collect()
    }
}

/// Lines of a call: JSON, so that they can be counted by the call they came with.
fn lines(delivery: u64) -> impl Iterator<Item = String> {
    (0..Kind::Lines.items())
        .map(move |i| format!(r#"{{"ledger":{{"lines":{delivery}}},"line":{i}}}"#))
}

fn trace_id(delivery: u64) -> String {
    format!("1-5759e988-{delivery:024x}")
}

/// A segment whose only annotation is `field`: the number of what it came with.
fn document(base_ms: u64, trace: u64, id: u64, (field, n): (&str, u64)) -> String {
    let (trace_id, start) = (trace_id(trace), base_ms / 1_000);
    format!(
        r#"{{"name":"ledger","id":"{id:016x}","trace_id":"{trace_id}","start_time":{start}.5,"end_time":{start}.75,"annotations":{{"{field}":{n}}}}}"#
    )
}

/// The count of each item is the number of its occurrences that are there: a start counts those above
/// what was counted before, once.
fn check_issues(server: &Server, stored: &BTreeMap<u64, u64>, round: usize) {
    let mut want: BTreeMap<String, u64> = BTreeMap::new();
    for delivery in stored.keys() {
        *want
            .entry(format!("issue {}", delivery % ISSUES))
            .or_default() += 1;
    }
    let headers = [("x-rollbar-access-token", ROLLBAR_TOKEN)];
    let reply = support::request("GET", &server.url("/api/1/items/"), &headers, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let items = reply.json();
    let counted: BTreeMap<String, u64> = items["result"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            (
                i["title"].as_str().unwrap().to_owned(),
                i["total_occurrences"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counted, want, "counts of items before round {round}");
}

/// Documents over UDP: nobody is told what became of them, so they are not in the ledger. None may be
/// there twice, or be there and not have been sent.
#[derive(Debug, Default)]
pub(crate) struct Datagrams(AtomicU64);

impl Datagrams {
    const FIELD: &str = "ledger_datagrams";

    pub(crate) fn send_until(&self, server: &Address, stop: &AtomicBool, base_ms: u64) {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(&server.xray).unwrap();
        while !stop.load(Ordering::Relaxed) {
            let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            // Not among the ids of the segments.
            let id = (1 << 40) + n;
            let document = document(base_ms, id, id, (Self::FIELD, n));
            let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
            // Once the server is gone the system says so: an answer that counts for nothing.
            drop(socket.send(datagram.as_bytes()));
            std::thread::sleep(Duration::from_millis(4));
        }
    }

    pub(crate) fn check(&self, server: &Server) -> usize {
        let query = json!({"calculations": [{"op": "COUNT"}], "breakdowns": [Self::FIELD], "limit": 10_000, "time_range": 7_200});
        let answer = server.query(Some("xray"), &query);
        let rows = answer["results"].as_array().unwrap().iter();
        let sent = self.0.load(Ordering::Relaxed);
        rows.filter_map(|r| Some((r[Self::FIELD].as_u64()?, r["COUNT"].as_u64()?)))
            .inspect(|(n, count)| assert!(*n <= sent && *count == 1, "datagram {n}: {count}"))
            .count()
    }
}

/// Where a server listens, and how clients speak to it.
pub(crate) struct Address {
    http: String,
    otlp: String,
    xray: String,
    agent: ureq::Agent,
}

struct Request {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Whether the answer says that all of it was taken.
    is_whole: fn(&Value) -> bool,
}

impl Request {
    fn of_call(server: &Address, call: Call, is_whole: fn(&Value) -> bool) -> Self {
        Self {
            url: format!("http://{}{}", server.http, call.path),
            headers: call.signed(&server.http),
            body: call.body,
            is_whole,
        }
    }
}

impl Address {
    pub(crate) fn of(server: &Server) -> Self {
        let of = |name: &str| server.ready[name].as_str().unwrap().to_owned();
        Self {
            http: of("http"),
            otlp: of("otlp_http"),
            xray: of("xray"),
            agent: ureq::Agent::config_builder()
                .timeout_global(Some(Duration::from_secs(5)))
                .build()
                .into(),
        }
    }

    /// Makes the group and the stream that lines go to; that they are there is fine.
    pub(crate) fn make_stream(server: &Server) {
        let named = json!({"logGroupName": GROUP, "logStreamName": STREAM});
        for (operation, input) in [
            ("CreateLogGroup", json!({"logGroupName": GROUP})),
            ("CreateLogStream", named),
        ] {
            Call::logs(operation, &input).ok(server);
        }
    }

    /// Whether it was acknowledged: status 200 and a whole answer. Without one, what became of it is
    /// unknown.
    fn post(&self, request: &Request) -> bool {
        let mut post = self.agent.post(&request.url);
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        let answer = post
            .send(&request.body)
            .ok()
            .filter(|reply| reply.status() == 200)
            .and_then(|mut reply| reply.body_mut().read_to_string().ok());
        let Some(answer) = answer else {
            return false;
        };
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        assert!((request.is_whole)(&answer), "{}: {answer}", request.url);
        true
    }
}
