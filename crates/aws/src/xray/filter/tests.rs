//! Expressions over traces made by hand; which ones match is written down from the rules of xray.md §7.

use super::*;
use crate::xray::testing::Bench;
use engine::query::calls::{CallsAsk, TraceCalls};
use event::ValueRef;
use std::collections::BTreeSet;

fn id(letter: char) -> String {
    format!("1-5c1fa200-00000000000000000000000{letter}")
}

/// Traces `a` to `f` and `8` as documents, `9` as OpenTelemetry's spans.
///
/// a: `backend-flask` on EC2, 200, 0.2 s, with a query of 0.15 s · b: `cart` 500 for `orders`, which threw
/// · c: `cart` 404 · d: `web` 429 for a table · e: `web` 200, though `legacy` failed · f: `slow`, not ended ·
/// 8: `web` on a function that erred · 9: `checkout` 503 for `payments`.
async fn bench() -> Bench {
    let bench = Bench::new();
    let at = bench.base();
    let t = |s: f64| format!("{:.3}", at as f64 + s);
    let head = |letter: char, name: &str, id_: &str, from: f64, to: f64| {
        format!(
            r#""trace_id":"{}","id":"{id_}","name":"{name}","start_time":{},"end_time":{}"#,
            id(letter),
            t(from),
            t(to)
        )
    };
    let http = |method: &str, url: &str, status: u16| {
        format!(
            r#""http":{{"request":{{"method":"{method}","url":"{url}","client_ip":"203.0.113.9, 10.0.0.1","user_agent":"curl/8"}},"response":{{"status":{status}}}}}"#
        )
    };
    let a = format!(
        r#"{{{},"origin":"AWS::EC2::Instance","user":"u1",{},"resource_arn":"arn:aws:ec2:1","aws":{{"account_id":"42","ec2":{{"instance_id":"i-1","availability_zone":"eu-west-1a"}}}},
        "annotations":{{"count":3,"ok":true,"tenant":"t-12","order.id":"A-9"}},
        "subsegments":[{{"id":"a000000000000002","name":"db@host","start_time":{},"end_time":{},"namespace":"remote","sql":{{"database_type":"sqlite"}}}}]}}"#,
        head('a', "backend-flask", "a000000000000001", 0.0, 0.2),
        http("get", "http://shop.test/v2/home", 200),
        t(0.02),
        t(0.17)
    );
    let b = format!(
        r#"{{{},"fault":true,{},"subsegments":[{{"id":"b000000000000002","name":"orders","namespace":"remote","start_time":{},"end_time":{},"fault":true}}]}}"#,
        head('b', "cart", "b000000000000001", 10.0, 13.0),
        http("GET", "http://shop.test/cart", 500),
        t(10.1),
        t(12.6)
    );
    let b2 = format!(
        r#"{{{},"parent_id":"b000000000000002","fault":true,"cause":"e000000000000001","subsegments":[{{"id":"b000000000000004","name":"calc","namespace":"local","start_time":{},"end_time":{},"fault":true,"annotations":{{"step":"sum"}},"cause":{{"exceptions":[{{"id":"e000000000000001","type":"ValueError","message":"boom"}}]}}}}]}}"#,
        head('b', "orders", "b000000000000003", 10.15, 12.55),
        t(10.2),
        t(12.5)
    );
    let c = format!(
        r#"{{{},"error":true,{},"annotations":{{"count":1,"ok":false,"name":"kept"}}}}"#,
        head('c', "cart", "c000000000000001", 20.0, 20.1),
        http("GET", "http://shop.test/nothing", 404)
    );
    let d = format!(
        r#"{{{},"error":true,"throttle":true,{},"subsegments":[{{"id":"d000000000000002","name":"DynamoDB","namespace":"aws","start_time":{},"end_time":{},"error":true,"throttle":true,"aws":{{"table_name":"users","operation":"GetItem"}}}}]}}"#,
        head('d', "web", "d000000000000001", 30.0, 30.3),
        http("GET", "http://shop.test/me", 429),
        t(30.1),
        t(30.2)
    );
    let e = format!(
        r#"{{{},{},"subsegments":[{{"id":"e000000000000002","name":"legacy","namespace":"remote","start_time":{},"end_time":{},"fault":true,"http":{{"response":{{"status":502}}}}}}]}}"#,
        head('e', "web", "e000000000000001", 40.0, 40.4),
        http("POST", "http://shop.test/v1/buy", 200),
        t(40.1),
        t(40.15)
    );
    let f = format!(
        r#"{{"trace_id":"{}","id":"f000000000000001","name":"slow","start_time":{},"in_progress":true}}"#,
        id('f'),
        t(50.0)
    );
    let h = format!(
        r#"{{{},{},"subsegments":[{{"id":"8000000000000002","name":"Lambda","namespace":"aws","start_time":{},"end_time":{}}}]}}"#,
        head('8', "web", "8000000000000001", 60.0, 60.5),
        http("GET", "http://shop.test/pic", 200),
        t(60.1),
        t(60.4)
    );
    let h2 = format!(
        r#"{{{},"parent_id":"8000000000000002","origin":"AWS::Lambda::Function","error":true}}"#,
        head('8', "resize", "8000000000000003", 60.15, 60.35)
    );
    let documents = [a, b, b2, c, d, e, f, h, h2];
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    let fates = bench.put(&texts).await;
    assert!(
        fates.iter().all(|f| *f == crate::xray::intake::Fate::Taken),
        "{fates:?}"
    );
    bench
        .put_rows(|batch| {
            let ns = |ms: i64| (at * 1_000 + ms) * 1_000_000;
            let trace = event::TraceId::parse(&id('9')).unwrap();
            for (i, name, kind, from, to) in [
                (1u8, "POST /pay", "server", 70_000, 70_900),
                (2, "charge", "client", 70_100, 70_800),
            ] {
                assert!(batch.begin_row(ns(from)));
                batch.set_dataset("checkout");
                batch.set_trace_id(trace);
                batch.set_span_id(event::SpanId([9, 0, 0, 0, 0, 0, 0, i]));
                batch.set_service("checkout");
                batch.set_name(name);
                batch.set_kind(kind);
                batch.set_status("error");
                batch.set_duration(ns(to) - ns(from));
                batch.put_named("meta.source", ValueRef::Str("otlp"));
                if i == 1 {
                    batch.put_named("http.method", ValueRef::Str("POST"));
                    batch.put_named("http.route", ValueRef::Str("/pay"));
                    batch.put_named("http.status_code", ValueRef::Int(503));
                    batch.put_named("enduser.id", ValueRef::Str("u2"));
                } else {
                    batch.set_parent_id(event::SpanId([9, 0, 0, 0, 0, 0, 0, 1]));
                    batch.put_named("peer.service", ValueRef::Str("payments"));
                    batch.put_named("retries", ValueRef::Int(2));
                }
                batch.end_row();
            }
        })
        .await;
    bench
}

fn letters(traces: &[TraceCalls], expr: &Expr) -> String {
    let found: BTreeSet<char> = traces
        .iter()
        .filter(|t| matches(expr, t))
        .filter_map(|t| t.id.to_string().chars().last())
        .collect();
    found.into_iter().collect()
}

/// Expression, the traces that match (digits before letters), and the rule.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    // §7.2: booleans, of the root.
    ("ok", "8aef", "§7.3 the root's flags"),
    ("error", "cd", "§7.3 the root's flags"),
    ("fault", "9b", "§7.3 the root's flags; an absorbed fault is not found"),
    ("fault = true", "9b", "§7.1 cmp"),
    ("fault = false", "8acdef", "§7.1 cmp"),
    ("fault != true", "8acdef", "§7.2 operators of booleans"),
    ("throttle", "d", "§7.3 any segment"),
    ("partial", "f", "§7.2 some segment in progress"),
    ("!partial", "89abcde", "§7.1 not"),
    ("NOT partial", "89abcde", "§7.1 not, in words"),
    ("ok !partial duration < 3", "8ae", "§7.4; adjacency is AND"),
    ("ok AND !partial AND duration < 0.3", "a", "§7.1 AND"),
    ("fault OR error", "9bcd", "§7.1 OR"),
    ("error fault OR throttle", "d", "§7.1 AND binds tighter than OR"),
    ("error (fault OR throttle)", "d", "§7.1 parentheses"),
    ("!(fault OR error)", "8aef", "§7.1 not of parentheses"),
    ("OK and Not PARTIAL", "8ae", "§7.1 whatever the case"),
    // Numbers.
    ("responsetime > 2.5", "b", "§7.2 seconds"),
    ("responseTime >= 0.2 responsetime <= 0.5", "8ade", "§7.2 all six comparisons"),
    ("responsetime < 1e-1", "", "§7.1 exponents; c takes 0.1 exactly"),
    ("duration > 0.85", "9b", "§7.2 duration of the whole trace"),
    ("http.status = 200", "8ae", "§7.3 the root's"),
    ("http.status != 200", "9bcd", "§7.3 not where there is none"),
    ("http.status >= 500", "9b", "mapping.md §9 both spellings"),
    ("http.status", "89abcde", "§7.2 existence"),
    ("!http.status", "f", "§7.2 existence"),
    // Texts.
    (r#"http.url BEGINSWITH "http://shop.test/" AND http.url CONTAINS "/v2/" AND !service("legacy")"#, "a", "§7.4"),
    (r#"http.url ENDSWITH "buy""#, "e", "§7.2"),
    (r#"http.method = "GET""#, "8abcd", "§2.4 upper case"),
    (r#"http.method = "POST""#, "9e", "mapping.md §9"),
    (r#"http.useragent CONTAINS "curl""#, "8abcde", "§7.2"),
    (r#"http.clientip = "203.0.113.9""#, "8abcde", "§2.4 the first of a list"),
    (r#"user = "u1""#, "a", "§7.3 any segment"),
    (r#"user = "u2""#, "9", "mapping.md §9 enduser.id"),
    (r#"user CONTAINS """#, "9a", "§7.2 any user set"),
    ("user", "9a", "§7.2 existence"),
    (r#"user = "U1""#, "", "§7.2 case counts"),
    (r#"http.status != 200 and user = "u1""#, "", "§7.4"),
    (r#"availabilityzone = "eu-west-1a""#, "a", "§7.3"),
    (r#"instance.id = "i-1""#, "a", "§7.3"),
    (r#"resource.arn BEGINSWITH "arn:aws:ec2""#, "a", "§7.3"),
    (r#"account.id = "42""#, "a", "§7.2"),
    // Annotations.
    ("annotation.count > 2", "a", "§7.3 number with number"),
    ("annotation.count > 2 AND annotation.ok AND !annotation.age", "a", "§7.4"),
    ("annotation.ok", "a", "§7.2 a boolean annotation's own value"),
    ("annotation.ok = false", "c", "§7.3"),
    ("annotation.count", "ac", "§7.2 existence"),
    ("annotation.count != 3", "c", "§7.3 needs the key"),
    (r#"annotation.count = "3""#, "", "§7.3 a text is no number"),
    (r#"annotation[order.id] = "A-9""#, "a", "§7.4 brackets"),
    (r#"annotation["order.id"] = "A-9""#, "a", "§7.1 a text in brackets"),
    (r#"annotation.order.id BEGINSWITH "A""#, "a", "§7.1 dots in a key"),
    (r#"annotation.step = "sum""#, "b", "§7.3 of a subsegment downstream"),
    (r#"annotation.name = "kept""#, "c", "§7.3 any segment; its key is called like a fixed column"),
    (r#"annotation.http.route = "/pay""#, "9", "§10.2 any attribute of a span"),
    ("annotation.retries = 2", "9", "§10.2 any attribute of a span"),
    // service().
    (r#"service("backend-flask")"#, "a", "§7.4"),
    (r#"service("https://4567-abc.example.dev")"#, "", "§7.4 legal, matches nothing"),
    (r#"service("cart") { fault = true OR responsetime > 2.5 }"#, "b", "§7.4"),
    (r#"service("cart")"#, "bc", "§7.3"),
    (r#"service("orders") { fault }"#, "b", "§7.3 a callee's own segment"),
    (r#"service(id(name: "resize", type: "AWS::Lambda::Function")) { error }"#, "8", "§7.4"),
    (r#"service(id(type: "Database::SQL")) { responsetime >= 0.1 }"#, "a", "§7.4 an inferred node"),
    (r#"service(id(type: "Database::SQL")) { responsetime >= 0.2 }"#, "", "§7.4 an inferred node"),
    ("service() { throttle }", "d", "§7.4 any node"),
    (r#"service("users") { inferred }"#, "d", "§8.2 a table by its name"),
    (r#"service(id(name: "users", type: "AWS::DynamoDB::Table"))"#, "d", "§8.2"),
    (r#"service("web") { root }"#, "8de", "§7.2"),
    (r#"service("resize") { root }"#, "", "§7.2"),
    (r#"service("legacy") { fault }"#, "e", "§7.3 what the root absorbed"),
    (r#"service("legacy") { http.status = 502 }"#, "e", "§7.3 that segment's own"),
    (r#"service() { type = AWS::EC2::Instance }"#, "a", "§7.1 barewords"),
    (r#"service() { name ENDSWITH "flask" }"#, "a", "§7.2"),
    (r#"service("orders") { annotation.step = "sum" }"#, "b", "§7.3 of that node's calls"),
    (r#"service("cart") { annotation.step = "sum" }"#, "", "§7.3 of that node's calls"),
    (r#"service(id(account.id: "42"))"#, "a", "§7.1"),
    (r#"!service("web")"#, "9abcf", "§7.3"),
    (r#"service("payments")"#, "9", "§10.2 peer.service"),
    (r#"service(id(type: "client", name: "cart"))"#, "bc", "§8.2 the caller of a root"),
    (r#"service("checkout") service("payments") { remote }"#, "9", "§7.1"),
    // edge().
    (r#"edge("cart", "orders") { fault }"#, "b", "§7.3 the caller's subsegment"),
    (r#"edge("cart", "orders") { responsetime > 2.45 }"#, "b", "§7.3 as the caller saw it: 2.5"),
    (r#"service("orders") { responsetime > 2.45 }"#, "", "§7.3 as it saw itself: 2.4"),
    (r#"edge("web", )"#, "8de", "§7.1 any callee"),
    (r#"edge("orders", "cart")"#, "", "§7.3 the direction counts"),
    (r#"edge(id(type: "client"), "cart")"#, "bc", "§8.2"),
    (r#"edge("web", id(type: "AWS::DynamoDB::Table")) { throttle }"#, "d", "§7.3"),
    // Root causes.
    (r#"rootcause.fault.exception { last and message = "boom" }"#, "b", "§7.4"),
    (r#"rootcause.fault.exception { name = ValueError }"#, "b", "§7.1 barewords"),
    (r#"rootcause.fault.service { first and name = "cart" }"#, "b", "§7.3 first"),
    (r#"rootcause.fault.service { last and name = "orders" }"#, "b", "§7.3 last"),
    (r#"rootcause.fault.service { index = 1 and name = "cart" }"#, "", "§7.3 index from 0"),
    (r#"rootcause.fault.entity { name = "calc" }"#, "b", "§8.6 the segment, then what is inside"),
    (r#"rootcause.error.service { name = "resize" }"#, "8", "§8.6"),
    ("rootcause.responsetime.entity { remote and coverage > 0.7 }", "9ab", "§7.4"),
    (r#"rootcause.responsetime.service { last and type = "Database::SQL" and inferred }"#, "a", "§8.6 half of the caller's time"),
    (r#"rootcause.json = #[{"Services": [{"Name": "cart"}, {"Name": "orders"}]}]"#, "b", "§7.3 what is not given may be anything"),
    (r#"rootcause.fault.json = #[{"ClientImpacting": false}]"#, "e", "§8.6"),
    (r#"rootcause.json = #[{"Services": [{"Name": "orders"}]}]"#, "", "§7.3 list lengths agree"),
    // Groups.
    (r#"group.name = "slow" AND http.method = "GET""#, "b", "§7.3"),
    (r#"group.name != "slow" fault"#, "9", "§7.3"),
    (r#"group.name = "Default""#, "89abcdef", "§7.5"),
    ("", "89abcdef", "§7.4 empty means all"),
];

/// Whether a note begins with the section of the specification that a case follows from.
fn is_section(note: &str) -> bool {
    let of_document = note.strip_prefix("mapping.md ").unwrap_or(note);
    let section = of_document.strip_prefix('§');
    section.is_some_and(|s| s.starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn there_are_enough_cases_and_each_names_its_section() {
    assert!(CASES.len() >= 60, "{}", CASES.len());
    for (text, _, note) in CASES {
        assert!(is_section(note), "{text}: {note}");
    }
    let texts: BTreeSet<&str> = CASES.iter().map(|(text, ..)| *text).collect();
    assert_eq!(texts.len(), CASES.len(), "a case stands twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_find_the_traces_they_mean() {
    let bench = bench().await;
    bench
        .engine
        .sampling()
        .create_group(
            bench.grant.env(),
            engine::sampling::NewGroup {
                name: "slow".into(),
                expression: "responsetime > 2".into(),
                ..Default::default()
            },
            1,
        )
        .unwrap();
    let groups = bench.engine.sampling().groups(bench.grant.env());
    let traces = bench.traces().await;
    assert_eq!(traces.len(), 8);
    let mut wrong = Vec::new();
    for (text, want, rule) in CASES {
        let expr = compile(text, &groups).unwrap_or_else(|e| panic!("{text}: {e}"));
        let found = letters(&traces, &expr);
        if found != *want {
            wrong.push(format!(
                "{text}\n    found {found:?}, want {want:?} ({rule})"
            ));
        }
        // What the sieve leaves out cannot match.
        let now = bench.engine.now();
        let ask = CallsAsk {
            range: (now - 3_600_000_000_000, now + 1),
            sieve: sieve(&expr),
            limit: 100,
            ..CallsAsk::default()
        };
        let read = bench
            .engine
            .querier()
            .calls(&bench.scope(), ask)
            .await
            .unwrap();
        let sifted = letters(&read.traces, &expr);
        if sifted != *want {
            wrong.push(format!(
                "{text}\n    through its sieve {sifted:?}, want {want:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Section of xray.md, expression, the column and a word of what is told. Columns counted by hand.
/// Every keyword and function of the language is built: what is refused here is what it does not have.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, usize, &str)] = &[
    ("§7.4 errors: shell quoting", "service(backend-flask)", 9, "double quotes"),
    ("§7.4 errors: unbalanced", "service(\"a\"", 12, "expected `)`"),
    ("§7.4 errors: unbalanced", "service(\"a\") { fault", 21, "close the brace"),
    ("§7.4 errors: unbalanced", "service(\"a) { fault }", 9, "quote is not closed"),
    ("§7.4 errors: unbalanced", "(ok", 4, "close the parenthesis"),
    ("§7.4 errors: unbalanced", "ok)", 3, "closes that was not opened"),
    ("§7.4 errors: unbalanced", "ok}", 3, "closes that was not opened"),
    ("§7.4 errors: unknown keyword", "colour = \"red\"", 1, "no keyword `colour`"),
    ("§7.4 errors: unknown function", "latency(3)", 1, "no function `latency`"),
    ("§7.4 errors: string where number needed", "http.status = \"200\"", 15, "a number"),
    ("§7.2 types", "http.method = 200", 15, "a text in double quotes"),
    ("§7.1 value", "http.method = GET", 15, "double quotes"),
    ("§7.2 operators by type", "http.method > \"A\"", 13, "comparison is not known"),
    ("§7.2 operators by type", "fault CONTAINS \"x\"", 7, "comparison is not known"),
    ("§7.2 types", "fault = 1", 9, "true or false"),
    ("§7.2 operators by type", "responsetime CONTAINS 1", 14, "comparison is not known"),
    ("§7.1 value", "responsetime > fast", 16, "expected a text in double quotes, a number"),
    ("§7.1 NUMBER", "responsetime > 1.2.3", 16, "is no number"),
    ("§7.1 cmp", "responsetime >", 15, "the expression ends"),
    ("§7.1 op", "responsetime >> 1", 15, "no such comparison"),
    ("§7.4 errors: id() without arguments", "service(id())", 12, "id() needs"),
    ("§7.1 idarg", "service(id(colour: \"x\"))", 12, "not `colour`"),
    ("§7.1 idarg", "service(id(name: \"a\", name: \"b\"))", 23, "given twice"),
    ("§7.1 idarg", "service(id(name \"a\"))", 17, "expected `:`"),
    ("§7.1 edge", "edge(\"a\")", 9, "between the two services"),
    ("§7.1 ref", "edge(a, b)", 6, "double quotes"),
    ("§7.1 rootcause", "rootcause.fault.colour { first }", 1, "is none of"),
    ("§8.6 slowness has no exceptions", "rootcause.responsetime.exception { first }", 1, "is none of"),
    ("§7.3 rootcause", "rootcause.fault.service { coverage > 1 }", 27, "not known of this part"),
    ("§7.3 rootcause", "rootcause.fault.service { annotation.a }", 27, "not known in a root cause"),
    ("§7.1 jsoncmp", "rootcause.json = []", 18, "expected `#`"),
    ("§7.1 jsoncmp", "rootcause.json = #{}", 19, "JSON array"),
    ("§7.1 jsoncmp", "rootcause.json = #[", 19, "the JSON of a root cause"),
    ("§7.2 inside braces", "inferred", 1, "inside of service"),
    ("§7.2 inside braces", "index = 1", 1, "inside of service(…){} or rootcause"),
    ("§7.2 inside braces", "service() { first }", 13, "inside of rootcause only"),
    ("§7.1 service", "service() { service(\"a\") }", 13, "inside of braces"),
    ("§7.1 service", "service() { group.name = \"slow\" }", 13, "inside of braces"),
    ("§7.1 key", "annotation", 11, "a key, after `annotation`"),
    ("§7.1 key", "annotation[]", 12, "the key of an annotation"),
    ("§7.2 operators by type", "annotation.a < \"x\"", 16, "a value this comparison is known for"),
    ("§7.4 errors: unknown group", "group.name = \"none\"", 1, "no group \"none\""),
    ("§7.2 operators by type", "group.name > \"a\"", 13, "expected `=`"),
    ("§7.3 cycles", "group.name = \"ring\"", 1, "each other"),
    ("§7.1 and", "ok AND", 7, "the expression ends"),
    ("§7.1 or", "ok OR", 6, "the expression ends"),
    ("§7.1 cmp", "= 3", 1, "not `=`"),
    ("§7.1 primary", "\"ok\"", 1, "not a text"),
    ("§7.1 STRING", "user = \"\\x\"", 10, "no escape"),
    ("§7.1 STRING", "user = \"\\u12\"", 10, "four hex digits"),
];

#[test]
fn what_is_wrong_is_told_with_its_column() {
    let mut ring = engine::sampling::Group {
        name: "ring".into(),
        id: "1".into(),
        expression: "group.name = \"ring\"".into(),
        insights: false,
        notifications: false,
        tags: Default::default(),
        created_ns: 0,
        modified_ns: 0,
    };
    let groups = [ring.clone()];
    ring.name = "other".into();
    for (section, text, column, what) in REFUSED {
        assert!(is_section(section), "{text} names no section");
        let wrong = compile(text, &groups).expect_err(text);
        assert!(
            wrong.column == *column && wrong.what.contains(what),
            "{section}: {text}: {wrong}; want column {column}, {what:?}"
        );
    }
    let long = format!("user = \"{}\"", "x".repeat(2_000));
    assert!(compile(&long, &[]).unwrap_err().what.contains("2000 bytes"));
    let deep = format!("{}ok{}", "(".repeat(200), ")".repeat(200));
    assert!(compile(&deep, &[]).unwrap_err().what.contains("deeper"));
}

proptest::proptest! {
    /// Any text is an expression or told wrong at a place in it; nothing panics.
    #[test]
    fn any_text_is_read_or_told_wrong(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "service", "(", ")", "{", "}", "\"", "\"a\"", "edge", ",", "id", "name", ":", "=", "!=", "!", "<", ">=",
                "AND", "OR", "NOT", "fault", "http.status", "200", "-1e3", "annotation.", "annotation[", "]", "é", "\\u00",
                "rootcause.json", "#", "[{", "}]", "group.name", "CONTAINS", " ", "rootcause.fault.entity", "true", "𝄞",
            ]),
            0..24,
        ),
        any in ".{0,40}",
    ) {
        for text in [pieces.concat(), pieces.join(" "), any] {
            match parse(&text) {
                Ok(expr) => drop(sieve(&expr)),
                Err(wrong) => assert!((1..=text.chars().count() + 1).contains(&wrong.column), "{text}: {wrong}"),
            }
        }
    }
}
