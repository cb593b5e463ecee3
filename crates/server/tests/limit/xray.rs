//! X-Ray (reliability.md §3, xray.md §2 and §5).

use super::{Bench, explode, gzip, list, nested, now_ms, padded, refusal, row};
use crate::signed::Call;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use support::{Reply, Server};

/// Largest body, as sent and unpacked.
const BODY: usize = 5 << 20;
/// Largest document over the API.
const DOCUMENT: usize = 256 << 10;
/// Largest payload of a UDP datagram over IPv4.
const DATAGRAM: usize = 65_507;

/// Runs `test` between a segment that was taken before and one that is taken after it: both are there.
fn check(test: impl FnOnce(&Server)) {
    let bench = Bench::start();
    let server = &bench.server;
    let (before, after) = (segment(0xbef0, ""), segment(0xaf7e, ""));
    assert_eq!(put(&[&before]).ok(server), taken());
    test(server);
    assert_eq!(put(&[&after]).ok(server), taken());
    assert_eq!(stored(server, 0xbef0), [before]);
    assert_eq!(stored(server, 0xaf7e), [after]);
    bench.close("xray");
}

fn taken() -> Value {
    json!({"UnprocessedTraceSegments": []})
}

fn trace_id(n: u64) -> String {
    format!("1-5759e988-{n:024x}")
}

/// A whole segment of trace `n`; `more` begins with a comma.
fn segment(n: u64, more: &str) -> String {
    let (id, at) = (trace_id(n), now_ms() / 1_000 - 60);
    format!(
        r#"{{"name":"limits","id":"{n:016x}","trace_id":"{id}","start_time":{at}.5,"end_time":{at}.75{more}}}"#
    )
}

/// A segment whose document has `bytes`.
fn segment_of(n: u64, bytes: usize) -> String {
    let more = |text: &str| format!(r#","metadata":{{"m":{{"text":"{text}"}}}}"#);
    let bare = segment(n, &more("")).len();
    segment(n, &more(&"m".repeat(bytes - bare)))
}

fn put(documents: &[&str]) -> Call {
    Call::xray(
        "/TraceSegments",
        &json!({"TraceSegmentDocuments": documents}),
    )
}

/// Documents of a trace.
fn stored(server: &Server, n: u64) -> Vec<String> {
    let found = Call::documents(server, &[trace_id(n)]);
    found
        .into_iter()
        .flat_map(|(_, documents)| documents)
        .collect()
}

/// A refusal of the whole call, with a row in Arrivals.
fn refused(server: &Server, reply: &Reply, status: u16, words: &str, reason: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.json()["__type"], "InvalidRequestException");
    assert!(reply.text().contains(words), "{}", reply.text());
    refusal(server, "xray", reason);
}

#[test]
fn put_trace_segments_takes_a_body_of_5_mib_as_sent() {
    check(|server| {
        let input = json!({"TraceSegmentDocuments": [segment(1, "")]});
        let of = |bytes| put(&[]).body(padded(&input, bytes));
        assert_eq!(of(BODY).ok(server), taken());
        let over = of(BODY + 1).send(server);
        refused(server, &over, 413, "5242880 bytes", "too_large");
        assert_eq!(stored(server, 1).len(), 1);
    });
}

#[test]
fn put_trace_segments_takes_a_body_of_5_mib_unpacked() {
    check(|server| {
        let input = json!({"TraceSegmentDocuments": [segment(1, "")]});
        let of = |bytes| {
            let body = gzip(&padded(&input, bytes));
            put(&[]).body(body).header("content-encoding", "gzip")
        };
        assert_eq!(of(BODY).ok(server), taken());
        let over = of(BODY + 1).send(server);
        refused(server, &over, 413, "5242880 bytes", "bomb");
        assert_eq!(stored(server, 1).len(), 1);
    });
}

#[test]
fn put_trace_segments_stops_a_bomb_at_5_mib() {
    check(|server| {
        let send = |bomb| {
            let call = put(&[]).body(bomb).header("content-encoding", "gzip");
            call.send(server)
        };
        let reply = explode(server, BODY as u64, send);
        refused(server, &reply, 413, "5242880 bytes", "bomb");
    });
}

#[test]
fn a_document_of_256_kib_is_taken_and_a_larger_one_is_unprocessed() {
    check(|server| {
        let (largest, over) = (segment_of(1, DOCUMENT), segment_of(2, DOCUMENT + 1));
        let small = segment(3, "");
        let answer = put(&[&largest, &over, &small]).ok(server);
        let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
        assert_eq!(unprocessed.len(), 1, "{answer}");
        assert_eq!(unprocessed[0]["ErrorCode"], "InvalidSegmentSize");
        let message = unprocessed[0]["Message"].as_str().unwrap();
        assert!(
            message.contains("document 1, 262145 bytes, at most 262144"),
            "{message}"
        );
        assert!(stored(server, 1) == [largest]);
        assert_eq!(stored(server, 2), [""; 0]);
        assert_eq!(stored(server, 3), [small]);
        assert_eq!(
            refusal(server, "xray", "too_large")["counters"]["refused"],
            1
        );
    });
}

/// There is no larger datagram; what a sender's system refuses never comes, so nothing is counted.
#[test]
fn a_datagram_of_65_507_bytes_is_taken_and_no_larger_one_comes() {
    check(|server| {
        let header = "{\"format\": \"json\", \"version\": 1}\n";
        let largest = segment_of(1, DATAGRAM - header.len());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .connect(server.ready["xray"].as_str().unwrap())
            .unwrap();
        let send = |document: &str| socket.send(format!("{header}{document}").as_bytes());
        assert!(send(&segment_of(2, DATAGRAM - header.len() + 1)).is_err());
        assert_eq!(send(&largest).unwrap(), DATAGRAM);
        let deadline = Instant::now() + Duration::from_secs(30);
        while stored(server, 1) != [largest.as_str()] {
            assert!(Instant::now() < deadline, "the datagram is not stored");
            std::thread::sleep(Duration::from_millis(20));
        }
        let arrivals = support::get(&server.url("/foursight/v1/arrivals?protocol=xray/daemon"));
        let counters = &arrivals.json()["counters"];
        assert_eq!(
            (&counters["received"], &counters["stored"]),
            (&json!(1), &json!(1))
        );
    });
}

#[test]
fn put_trace_segments_takes_64_levels_of_json() {
    check(|server| {
        let of = |n: u64, levels: usize| {
            let body = json!({"TraceSegmentDocuments": [segment(n, "")]}).to_string();
            let more = nested(levels - 1);
            put(&[]).body(format!("{},\"More\":{more}}}", &body[..body.len() - 1]).into_bytes())
        };
        assert_eq!(of(1, 64).ok(server), taken());
        refused(
            server,
            &of(2, 65).send(server),
            400,
            "64 levels",
            "undecodable",
        );
        assert_eq!((stored(server, 1).len(), stored(server, 2).len()), (1, 0));
    });
}

/// What a document holds deeper than fields go is kept as it came.
#[test]
fn a_document_is_not_refused_for_its_depth() {
    check(|server| {
        let deep = segment(1, &format!(r#","metadata":{{"m":{}}}"#, nested(1_000)));
        assert_eq!(put(&[&deep]).ok(server), taken());
        assert!(stored(server, 1) == [deep]);
    });
}

#[test]
fn put_trace_segments_takes_a_million_json_values() {
    check(|server| {
        let of = |n: u64, values| {
            let body = json!({"TraceSegmentDocuments": [segment(n, "")]}).to_string();
            let more = list(values);
            put(&[]).body(format!("{},\"More\":{more}}}", &body[..body.len() - 1]).into_bytes())
        };
        assert_eq!(of(1, 999_990).ok(server), taken());
        let over = of(2, 1_000_001).send(server);
        refused(server, &over, 400, "1000000 values", "undecodable");
        assert_eq!((stored(server, 1).len(), stored(server, 2).len()), (1, 0));
    });
}

#[test]
fn put_trace_segments_in_an_unknown_encoding_is_answered_415() {
    check(|server| {
        // One encoding deep: not twice.
        for encoding in ["br", "gzip, gzip"] {
            let call = put(&[&segment(1, "")]).header("content-encoding", encoding);
            let reply = call.send(server);
            refused(
                server,
                &reply,
                415,
                "gzip, deflate, zstd",
                "content_encoding",
            );
        }
        assert_eq!(stored(server, 1), [""; 0]);
    });
}

/// What is ours of a row stays whatever its sender put beside it; long names and values are cut and
/// named; the document is kept byte for byte.
#[test]
fn of_a_segment_2_000_annotations_255_bytes_of_a_name_and_65_535_of_a_value_are_kept() {
    check(|server| {
        let (name, value) = ("n".repeat(300), "v".repeat(70_000));
        let members: Vec<String> = (0..2_001).map(|i| format!("\"k{i:04}\":{i}")).collect();
        let wide = segment(1, &format!(",\"annotations\":{{{}}}", members.join(",")));
        let long = segment(
            2,
            &format!(r#","annotations":{{"{name}":1,"value":"{value}"}}"#),
        );
        assert_eq!(put(&[&wide, &long]).ok(server), taken());
        assert!(stored(server, 1) == [wide]);
        assert!(stored(server, 2) == [long]);

        let of = |n: u64| json!({"column": "trace.trace_id", "op": "=", "value": trace_id(n)});
        let kept = row(
            server,
            "xray",
            &of(1),
            &["k1999", "meta.overflow", "meta.source"],
        );
        assert_eq!(
            (&kept["k1999"], &kept["meta.source"]),
            (&json!(1_999), &json!("xray"))
        );
        let overflow: Value =
            serde_json::from_str(kept["meta.overflow"].as_str().unwrap()).unwrap();
        assert_eq!(overflow, json!({"k2000": 2_000}));
        let cut = &name[..255];
        let kept = row(server, "xray", &of(2), &["meta.truncated", "value", cut]);
        let truncated: Value =
            serde_json::from_str(kept["meta.truncated"].as_str().unwrap()).unwrap();
        let truncated = truncated.as_array().unwrap();
        assert!(
            truncated.contains(&json!(cut)) && truncated.contains(&json!("value")),
            "{truncated:?}"
        );
        assert_eq!(kept[cut], 1);
        assert_eq!(kept["value"].as_str().map(str::len), Some(65_535));
    });
}

#[test]
fn an_environment_has_25_sampling_rules_and_100_groups() {
    check(|server| {
        let rule = |i: usize| {
            let rule = json!({
                "RuleName": format!("r{i}"), "ResourceARN": "*", "Priority": i + 1, "FixedRate": 0.1,
                "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
                "HTTPMethod": "*", "URLPath": "*", "Version": 1});
            Call::xray("/CreateSamplingRule", &json!({"SamplingRule": rule}))
        };
        (0..25).for_each(|i| drop(rule(i).ok(server)));
        let over = rule(25).send(server);
        assert_eq!(
            (over.status, &over.json()["__type"]),
            (400, &json!("RuleLimitExceededException"))
        );
        let group = |i: usize| Call::xray("/CreateGroup", &json!({"GroupName": format!("g{i}")}));
        (0..100).for_each(|i| drop(group(i).ok(server)));
        let over = group(100).send(server);
        assert_eq!(over.status, 400);
        assert!(over.text().contains("at most 100"), "{}", over.text());
    });
}

#[test]
fn batch_get_traces_takes_100_ids() {
    check(|server| {
        let of = |n: u64| {
            // The segment that was taken before is the last of them.
            let ids: Vec<String> = (1..n).chain([0xbef0]).map(trace_id).collect();
            ids
        };
        let found = Call::documents(server, &of(100));
        assert_eq!((found.len(), &found[0].0), (1, &trace_id(0xbef0)));
        let over = Call::xray("/Traces", &json!({"TraceIds": of(101)})).send(server);
        assert_eq!(
            (over.status, &over.json()["__type"]),
            (400, &json!("InvalidRequestException"))
        );
        assert!(over.text().contains("at most 100"), "{}", over.text());
    });
}

#[test]
fn every_other_call_has_a_body_of_1_mib() {
    const OTHER: usize = 1 << 20;
    let now = now_ms() / 1_000;
    let range = json!({"StartTime": now - 600, "EndTime": now + 60});
    let counts = json!({"TelemetryRecords": [{"Timestamp": now, "SegmentsReceivedCount": 1}]});
    check(|server| {
        for (path, input) in [
            ("/Traces", json!({"TraceIds": [trace_id(0xbef0)]})),
            ("/TraceSummaries", range.clone()),
            ("/ServiceGraph", range.clone()),
            ("/TelemetryRecords", counts.clone()),
            ("/Groups", json!({})),
            ("/GetSamplingRules", json!({})),
            (
                "/SamplingTargets",
                json!({"SamplingStatisticsDocuments": []}),
            ),
        ] {
            let of = |bytes| Call::xray(path, &input).body(padded(&input, bytes));
            of(OTHER).ok(server);
            let over = of(OTHER + 1).send(server);
            refused(server, &over, 413, "1048576 bytes", "too_large");
        }
    });
}

/// What keeps no signature is held to the same sizes.
#[test]
fn the_daemons_port_has_the_sizes_of_the_signed_calls() {
    check(|server| {
        let send = |path: &str, body: &[u8]| {
            support::request("POST", &server.url_of("xray", path), &[], Some(body))
        };
        let input = |documents: &[&str]| json!({"TraceSegmentDocuments": documents});
        let of = |bytes| send("/TraceSegments", &padded(&input(&[&segment(1, "")]), bytes));
        assert_eq!((of(BODY).status, stored(server, 1).len()), (200, 1));
        let over = of(BODY + 1);
        assert_eq!(over.status, 413, "{}", over.text());
        assert!(over.text().contains("5242880 bytes"), "{}", over.text());
        let (largest, over) = (segment_of(2, DOCUMENT), segment_of(3, DOCUMENT + 1));
        let both = input(&[&largest, &over]).to_string();
        let answer = send("/TraceSegments", both.as_bytes()).json();
        let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
        assert_eq!(unprocessed.len(), 1, "{answer}");
        assert_eq!(unprocessed[0]["ErrorCode"], "InvalidSegmentSize");
        assert!(stored(server, 2) == [largest] && stored(server, 3).is_empty());
        let rules = |bytes| send("/GetSamplingRules", &padded(&json!({}), bytes));
        assert_eq!(rules(1 << 20).status, 200);
        let over = rules((1 << 20) + 1);
        assert_eq!(over.status, 413, "{}", over.text());
        assert!(over.text().contains("1048576 bytes"), "{}", over.text());
    });
}

/// The one row of trace `n`, as it is read.
fn read(server: &Server, n: u64) -> Value {
    let filter = json!({"column": "trace.trace_id", "op": "=", "value": trace_id(n)});
    let now = now_ms() / 1_000;
    let query = json!({"filters": [filter], "start_time": now - 600, "end_time": now + 3_600});
    let ask = json!({"env": "dev", "dataset": "xray", "limit": 10, "query": query});
    let found = support::post(&server.url("/foursight/v1/rows"), &ask).json();
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(1), "{found}");
    found["rows"][0].clone()
}

fn nanos(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

/// The documents are kept as they came; a duration is that of the document.
#[test]
fn a_segment_at_time_0_or_more_than_an_hour_ahead_gets_the_time_of_its_receipt() {
    check(|server| {
        let at = |n: u64, start: i64| {
            let (id, start) = (trace_id(n), start.to_string());
            format!(
                r#"{{"name":"limits","id":"{n:016x}","trace_id":"{id}","start_time":{start},"end_time":{start}.25}}"#
            )
        };
        let before = now_ms();
        // A minute on each side: the clock goes on.
        let now = before / 1_000;
        let (near, far) = (now + 3_540, now + 3_660);
        let sent = [at(1, 0), at(2, near), at(3, far)];
        let documents: Vec<&str> = sent.iter().map(String::as_str).collect();
        assert_eq!(put(&documents).ok(server), taken());
        let received = before * 1_000_000..=now_ms() * 1_000_000;
        let [zero, ahead, beyond] = [1, 2, 3].map(|n| read(server, n));
        for (row, client_s) in [(&zero, None), (&beyond, Some(far))] {
            assert!(received.contains(&nanos(&row["timestamp_ns"])), "{row}");
            let told = row["meta.client_ts"].as_str();
            let told = told.map(|t| t.parse::<jiff::Timestamp>().unwrap().as_nanosecond());
            let sent = client_s.map(|s| i128::from(s) * 1_000_000_000);
            assert_eq!(told, sent, "{row}");
            assert_eq!(row["duration_ms"].as_f64(), Some(250.0), "{row}");
        }
        assert_eq!(nanos(&ahead["timestamp_ns"]), near * 1_000_000_000);
        assert_eq!(ahead["meta.client_ts"], Value::Null);
        for (n, document) in (1..).zip(&sent) {
            assert_eq!(stored(server, n), [document.as_str()]);
        }
    });
}

/// 60 days, unless another retention is set.
#[test]
fn a_segment_older_than_the_retention_is_unprocessed_and_the_rest_is_stored() {
    const DAY: i64 = 86_400;
    check(|server| {
        let at = |n: u64, start: i64| {
            let id = trace_id(n);
            format!(
                r#"{{"name":"limits","id":"{n:016x}","trace_id":"{id}","start_time":{start},"end_time":{start}.25}}"#
            )
        };
        let now = now_ms() / 1_000;
        let (old, over) = (at(1, now - 60 * DAY + 60), at(2, now - 60 * DAY - 60));
        let answer = put(&[&over, &old]).ok(server);
        let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
        assert_eq!(unprocessed.len(), 1, "{answer}");
        assert_eq!(unprocessed[0]["Id"], format!("{:016x}", 2));
        let message = unprocessed[0]["Message"].as_str().unwrap();
        assert!(
            message.contains("document 0") && message.contains("older"),
            "{message}"
        );
        assert_eq!(stored(server, 1), [old]);
        assert_eq!(stored(server, 2), [""; 0]);
        assert_eq!(refusal(server, "xray", "too_old")["counters"]["refused"], 1);
    });
}
