//! CloudWatch Logs (reliability.md §3, cloudwatch.md §5).

use super::{Bench, bomb, explode, gzip, levels, list, nested, now_ms, padded, path, refusal, row};
use crate::signed::Call;
use serde_json::{Value, json};
use support::Server;

const GROUP: &str = "/limits";
const DATASET: &str = "logs--limits";
/// Largest body, as sent and unpacked.
const BODY: usize = 8 << 20;
/// Largest sum of a call's lines, each with 26 bytes.
const COUNTED: usize = 1_048_576;

/// Runs `test` between a line that was taken before and one that is taken after it: both are there.
fn check(test: impl FnOnce(&Server)) {
    let bench = Bench::start();
    let server = &bench.server;
    Call::logs("CreateLogGroup", &json!({"logGroupName": GROUP})).ok(server);
    for stream in ["s", "kept"] {
        let input = json!({"logGroupName": GROUP, "logStreamName": stream});
        Call::logs("CreateLogStream", &input).ok(server);
    }
    let keep = |text: &str| put_to("kept", &[(now_ms(), text)]).ok(server);
    keep("before");
    test(server);
    keep("after");
    assert_eq!(messages(server, "kept"), ["before", "after"]);
    bench.close("logs");
}

fn input(stream: &str, lines: &[(i64, &str)]) -> Value {
    let events: Vec<Value> = lines
        .iter()
        .map(|(ms, text)| json!({"timestamp": ms, "message": text}))
        .collect();
    json!({"logGroupName": GROUP, "logStreamName": stream, "logEvents": events})
}

fn put_to(stream: &str, lines: &[(i64, &str)]) -> Call {
    Call::logs("PutLogEvents", &input(stream, lines))
}

fn put(lines: &[(i64, &str)]) -> Call {
    put_to("s", lines)
}

/// The body of a call with one line `x`, and a member that nobody knows.
fn with_member(value: &str) -> Vec<u8> {
    let input = input("s", &[(now_ms(), "x")]).to_string();
    format!("{},\"more\":{value}}}", &input[..input.len() - 1]).into_bytes()
}

/// Every line of a stream, page by page.
fn messages(server: &Server, stream: &str) -> Vec<String> {
    let mut ask = json!({"logGroupName": GROUP, "logStreamName": stream, "startFromHead": true});
    let mut all = Vec::new();
    loop {
        let page = Call::logs("GetLogEvents", &ask).ok(server);
        let events = page["events"].as_array().unwrap();
        all.extend(
            events
                .iter()
                .map(|e| e["message"].as_str().unwrap().to_owned()),
        );
        if page["nextForwardToken"] == ask["nextToken"] {
            return all;
        }
        ask["nextToken"] = page["nextForwardToken"].clone();
    }
}

/// 400 with `code` and `words`, and a row in Arrivals.
fn refused(server: &Server, call: &Call, code: &str, words: &str, reason: &str) {
    let reply = call.send(server);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["__type"], code, "{}", reply.text());
    assert_eq!(reply.header("x-amzn-errortype"), Some(code));
    assert!(reply.text().contains(words), "{}", reply.text());
    refusal(server, "logs", reason);
}

const INVALID: &str = "InvalidParameterException";
const SERIALIZATION: &str = "SerializationException";

#[test]
fn put_log_events_takes_a_body_of_8_mib_as_sent() {
    check(|server| {
        let of = |bytes| put(&[]).body(padded(&input("s", &[(now_ms(), "x")]), bytes));
        of(BODY).ok(server);
        refused(server, &of(BODY + 1), INVALID, "8388608 bytes", "too_large");
        assert_eq!(messages(server, "s"), ["x"]);
    });
}

#[test]
fn put_log_events_takes_a_body_of_8_mib_unpacked() {
    check(|server| {
        let of = |bytes| {
            let body = gzip(&padded(&input("s", &[(now_ms(), "x")]), bytes));
            put(&[]).body(body).header("content-encoding", "gzip")
        };
        of(BODY).ok(server);
        refused(server, &of(BODY + 1), INVALID, "8388608 bytes", "bomb");
        assert_eq!(messages(server, "s"), ["x"]);
    });
}

#[test]
fn put_log_events_stops_a_bomb_at_8_mib() {
    check(|server| {
        let call = |body| put(&[]).body(body).header("content-encoding", "gzip");
        let reply = explode(server, BODY as u64, |bomb| call(bomb).send(server));
        assert_eq!(
            (reply.status, &reply.json()["__type"]),
            (400, &json!(INVALID))
        );
        // Nothing of what is not signed is unpacked.
        let mut forged = call(bomb());
        forged.body.push(0);
        let headers = call(bomb()).signed(server.ready["http"].as_str().unwrap());
        let headers: Vec<_> = headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let reply = support::request("POST", &server.url("/"), &headers, Some(&forged.body));
        assert_eq!(reply.json()["__type"], "InvalidSignatureException");
    });
}

#[test]
fn put_log_events_takes_1_048_576_counted_bytes() {
    check(|server| {
        // Two lines; "é" is two bytes, each line counts 26 more.
        let half = "é".repeat((COUNTED / 2 - 26) / 2);
        let longer = format!("{half}x");
        let now = now_ms();
        put(&[(now, &half), (now, &half)]).ok(server);
        let over = put(&[(now, &half), (now, &longer)]);
        refused(
            server,
            &over,
            INVALID,
            "1048577 bytes exceeds limit of 1048576",
            "too_large",
        );
        assert!(messages(server, "s") == [half.clone(), half]);
    });
}

#[test]
fn an_event_of_1_mib_is_kept_whole() {
    check(|server| {
        let line = "z".repeat(COUNTED - 26);
        put(&[(now_ms(), &line)]).ok(server);
        assert!(messages(server, "s") == [line]);
    });
}

#[test]
fn put_log_events_takes_10_000_events() {
    check(|server| {
        let lines = vec![(now_ms(), "x"); 10_001];
        put(&lines[1..]).ok(server);
        let words = "have length less than or equal to 10000";
        refused(server, &put(&lines), INVALID, words, "invalid_request");
        assert_eq!(messages(server, "s").len(), 10_000);
    });
}

#[test]
fn lines_older_than_14_days_and_2_hours_ahead_are_rejected_and_the_rest_is_stored() {
    const HOUR: i64 = 3_600_000;
    check(|server| {
        // A minute on each side: the clock goes on.
        let (now, minute) = (now_ms(), 60_000);
        let oldest = now - 14 * 24 * HOUR;
        let answer = put(&[(oldest - minute, "too old"), (oldest + minute, "old")]).ok(server);
        assert_eq!(
            answer["rejectedLogEventsInfo"],
            json!({"tooOldLogEventEndIndex": 1})
        );
        let newest = now + 2 * HOUR;
        let lines = [
            (now, "now"),
            (newest - minute, "new"),
            (newest + minute, "too new"),
        ];
        let answer = put(&lines).ok(server);
        assert_eq!(
            answer["rejectedLogEventsInfo"],
            json!({"tooNewLogEventStartIndex": 2})
        );
        assert_eq!(messages(server, "s"), ["old", "now", "new"]);
        for reason in ["too_old", "too_new"] {
            assert_eq!(refusal(server, "logs", reason)["counters"]["refused"], 1);
        }
    });
}

#[test]
fn put_log_events_takes_64_levels_of_json() {
    check(|server| {
        let of = |levels: usize| put(&[]).body(with_member(&nested(levels - 1)));
        of(64).ok(server);
        refused(server, &of(65), SERIALIZATION, "64 levels", "undecodable");
        assert_eq!(messages(server, "s"), ["x"]);
    });
}

#[test]
fn put_log_events_takes_a_million_json_values() {
    check(|server| {
        let of = |values| put(&[]).body(with_member(&list(values)));
        of(999_990).ok(server);
        refused(
            server,
            &of(1_000_001),
            SERIALIZATION,
            "1000000 values",
            "undecodable",
        );
        assert_eq!(messages(server, "s"), ["x"]);
    });
}

#[test]
fn put_log_events_in_an_unknown_encoding_is_a_serialization_exception() {
    check(|server| {
        // One encoding deep: not twice.
        for encoding in ["br", "gzip, gzip"] {
            let call = put(&[(now_ms(), "x")]).header("content-encoding", encoding);
            refused(
                server,
                &call,
                SERIALIZATION,
                "gzip, deflate, zstd",
                "content_encoding",
            );
        }
        assert_eq!(messages(server, "s"), [""; 0]);
    });
}

/// The line itself is kept byte for byte; of its members the first 2,000 become fields, the others
/// lie in `meta.overflow`; long names and values are cut there and named.
#[test]
fn of_a_json_line_2_000_fields_255_bytes_of_a_name_and_65_535_of_a_value_are_kept() {
    check(|server| {
        let (name, value) = ("n".repeat(300), "v".repeat(70_000));
        let members: Vec<String> = (0..2_000).map(|i| format!("\"k{i:04}\":{i}")).collect();
        let wide = format!("{{\"id\":\"wide\",{}}}", members.join(","));
        let long = format!("{{\"id\":\"long\",\"{name}\":1,\"value\":\"{value}\"}}");
        let now = now_ms();
        put(&[(now, &wide), (now, &long)]).ok(server);
        assert!(messages(server, "s") == [wide, long]);

        let of = |id: &str| json!({"column": "id", "op": "=", "value": id});
        // `id` is the first of them, so one member is left.
        let kept = row(server, DATASET, &of("wide"), &["k1998", "meta.overflow"]);
        assert_eq!(kept["k1998"], 1_998);
        let overflow: Value =
            serde_json::from_str(kept["meta.overflow"].as_str().unwrap()).unwrap();
        assert_eq!(overflow, json!({"k1999": 1_999}));
        let kept = row(
            server,
            DATASET,
            &of("long"),
            &["meta.truncated", "value", &name[..255]],
        );
        let truncated: Value =
            serde_json::from_str(kept["meta.truncated"].as_str().unwrap()).unwrap();
        assert_eq!(truncated, json!([&name[..255], "value"]));
        assert_eq!(kept[&name[..255]], 1);
        assert_eq!(kept["value"].as_str().map(str::len), Some(65_535));
    });
}

/// Ten levels of names (mapping.md §3.4); the line itself is kept byte for byte.
#[test]
fn of_a_json_line_10_levels_become_names_and_deeper_ones_json_text() {
    check(|server| {
        // `fits` and `over` are the first level.
        let line = format!(
            r#"{{"id":"deep","fits":{},"over":{},"list":[{{"a":1}}]}}"#,
            levels(2..=10),
            levels(2..=11)
        );
        put(&[(now_ms(), &line)]).ok(server);
        assert_eq!(messages(server, "s"), [line]);
        let (fits, over) = (
            format!("fits.{}", path(2..=10)),
            format!("over.{}", path(2..=10)),
        );
        let deep = json!({"column": "id", "op": "=", "value": "deep"});
        let deeper = format!("over.{}", path(2..=11));
        let kept = row(server, DATASET, &deep, &[&fits, &over, &deeper, "list"]);
        assert_eq!(kept[&fits], 1);
        assert_eq!(kept[&over], r#"{"l11":1}"#);
        assert_eq!(kept[&deeper], Value::Null);
        assert_eq!(kept["list"], r#"[{"a":1}]"#);
    });
}

/// Beyond 64 levels it is a line like any other: nothing of it is a field.
#[test]
fn a_line_is_not_refused_for_its_depth() {
    check(|server| {
        let line = |id: &str, levels: usize| {
            let deep = nested(levels - 1);
            format!(r#"{{"id":"{id}","deep":{deep}}}"#)
        };
        let (fits, over) = (line("fits", 64), line("over", 65));
        let far = line("far", 10_000);
        let now = now_ms();
        put(&[(now, &fits), (now, &over), (now, &far)]).ok(server);
        assert!(messages(server, "s") == [fits, over, far]);
        let id = |value: &str| json!({"column": "id", "op": "=", "value": value});
        row(server, DATASET, &id("fits"), &["id"]);
        for id in [id("over"), id("far")] {
            let query = json!({"calculations": [{"op": "COUNT"}], "filters": [id]});
            let answer = server.query(Some(DATASET), &query);
            assert_eq!(answer["total"]["COUNT"], 0, "{answer}");
        }
    });
}

#[test]
fn another_call_has_a_body_of_1_mib() {
    check(|server| {
        let input = json!({"logGroupNamePrefix": GROUP});
        let of = |bytes| Call::logs("DescribeLogGroups", &input).body(padded(&input, bytes));
        let answer = of(1 << 20).ok(server);
        assert_eq!(answer["logGroups"][0]["logGroupName"], GROUP);
        let over = of((1 << 20) + 1);
        refused(server, &over, INVALID, "1048576 bytes", "too_large");
    });
}

/// 100 sessions for all; a session that ends makes room.
#[test]
fn of_live_tails_100_may_run() {
    check(|server| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let tail = Call::logs("StartLiveTail", &json!({"logGroupIdentifiers": [GROUP]}));
        let start = || {
            let mut post = agent.post(server.url("/"));
            for (name, value) in tail.signed(server.ready["http"].as_str().unwrap()) {
                post = post.header(name, value);
            }
            post.send(&tail.body).unwrap()
        };
        let mut sessions: Vec<_> = (0..100).map(|_| start()).collect();
        assert!(sessions.iter().all(|s| s.status() == 200));
        refused(
            server,
            &tail,
            "LimitExceededException",
            "100 live tails",
            "invalid_request",
        );
        sessions.pop();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while start().status() != 200 {
            assert!(
                std::time::Instant::now() < deadline,
                "no room after a session's end"
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    });
}

/// Of more than 500 lines a second the latest 500 are told, and that there were more.
#[test]
fn a_live_tail_tells_500_lines_a_second_and_says_so() {
    use std::io::Read as _;
    check(|server| {
        let tail = Call::logs("StartLiveTail", &json!({"logGroupIdentifiers": [GROUP]}));
        let agent = ureq::Agent::new_with_defaults();
        let mut post = agent.post(server.url("/"));
        for (name, value) in tail.signed(server.ready["http"].as_str().unwrap()) {
            post = post.header(name, value);
        }
        let mut told = post.send(&tail.body).unwrap().into_body().into_reader();
        let lines: Vec<String> = (0..2_000).map(|i| format!("line {i:04}")).collect();
        let now = now_ms();
        let events: Vec<(i64, &str)> = lines.iter().map(|l| (now, l.as_str())).collect();
        put(&events).ok(server);
        // One call: its lines are in one update.
        let mut text = Vec::new();
        while !text.windows(9).any(|w| w == b"line 1999") {
            let mut piece = [0; 8_192];
            let n = told.read(&mut piece).unwrap();
            assert!(n > 0, "the session ended");
            text.extend_from_slice(&piece[..n]);
        }
        let text = String::from_utf8_lossy(&text);
        assert_eq!(text.matches("\"line ").count(), 500);
        assert!(!text.contains("line 1499") && text.contains("line 1500"));
        assert!(text.contains("\"sampled\":true"));
    });
}

#[test]
fn a_filter_pattern_has_1_024_characters_and_2_regular_expressions() {
    check(|server| {
        let of = |pattern: &str| {
            let input = json!({"logGroupName": GROUP, "filterPattern": pattern});
            Call::logs("FilterLogEvents", &input)
        };
        of(&"ü".repeat(1_024)).ok(server);
        let over = of(&"ü".repeat(1_025));
        refused(
            server,
            &over,
            INVALID,
            "have length less than or equal to 1024",
            "invalid_request",
        );
        let found = of("%bef[o]re% %f.re%").ok(server);
        assert_eq!(found["events"][0]["message"], "before");
        let over = of("%a% %b% %c%");
        refused(
            server,
            &over,
            INVALID,
            "more than 2 regular expressions",
            "invalid_request",
        );
    });
}

/// Linear engines only: no look-around, no program larger than its bound.
#[test]
fn regular_expressions_are_bounded_by_4_kib_of_source_and_a_size_of_program() {
    check(|server| {
        let now = now_ms() / 1_000;
        let of = |regex: &str| {
            let query = format!("filter @message like /{regex}/");
            let input = json!({"logGroupName": GROUP, "startTime": now - 600, "endTime": now + 60, "queryString": query});
            Call::logs("StartQuery", &input)
        };
        of(&"b".repeat(4_096)).ok(server);
        for (regex, words) in [
            ("b".repeat(4_097).as_str(), "4096 bytes"),
            ("(?=b)", "look-around"),
            ("((\\\\w{50}){50}){50}", "too large"),
        ] {
            refused(
                server,
                &of(regex),
                "MalformedQueryException",
                words,
                "unsupported",
            );
        }
        let pattern = json!({"logGroupName": GROUP, "filterPattern": "%\\w{1000}\\w{1000}%"});
        let call = Call::logs("FilterLogEvents", &pattern);
        refused(
            server,
            &call,
            INVALID,
            "regular expression",
            "invalid_request",
        );
    });
}
