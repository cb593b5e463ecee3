//! Questions: their text spelling, their JSON, Logs Insights QL, searches of items; and what is read of lines.

use aws::cloudwatch::insights;
use engine::issues::IssueFilter;
use engine::query::{Query, text as spelling};
use event::EnvId;
use rollbar::search;

/// Any text is a question or an error, and a question is written and read back the same.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(read) = spelling::parse(text) {
        assert_same(&read);
    }
}

/// Any JSON is a question or an error. Written as text and read, it means what that text says.
pub fn json(data: &[u8]) {
    let Ok(query) = serde_json::from_slice::<Query>(data) else {
        return;
    };
    // What has no spelling (parts that are refused anyway, ranges of length none) need not be read.
    if let Ok(read) = spelling::parse(&spelling::render(&query)) {
        assert_same(&read);
    }
}

fn assert_same(read: &Query) {
    let written = spelling::render(read);
    match spelling::parse(&written) {
        Ok(again) => assert_eq!(&again, read, "{written}"),
        Err(e) => panic!("{written}: {e}"),
    }
}

/// Every clause of the grammar.
#[must_use]
pub fn text_seeds() -> Vec<Vec<u8>> {
    [
        "",
        "COUNT",
        "HEATMAP(duration_ms), P95(duration_ms) where status_code >= 2 and name exists group by name order by COUNT desc \
         having COUNT > 3 limit 10 from -2h",
        "SUM(`a``b`) as total if x = 1 or y in (1, 2.5, true, \"t\", bare), COUNT_DISTINCT(user.id) where `from` does-not-contain \"/a b\" \
         or z does-not-exist granularity 0.5 unweighted from 2026-03-03T10:00:00Z..2026-03-04",
        "COUNT where status_code >= 444444444444444444444444444444444444440",
        "CONCURRENCY group by root.name, `ß` order by name asc, RATE_MAX(x) from ..1772532000.25",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

/// Every member of the query specification.
#[must_use]
pub fn json_seeds() -> Vec<Vec<u8>> {
    [
        "{}",
        r#"{"calculations":[{"op":"COUNT"},{"op":"P99","column":"d","name":"n","filters":[{"column":"y","op":"=","value":1}],"filter_combination":"OR"}],
        "filters":[{"column":"x","op":"in","value":["a",1,2.5,true]},{"column":"e","op":"exists"},{"column":"s","op":"does-not-start-with","value":"p"}],
        "filter_combination":"OR","breakdowns":["a","root.b"],"orders":[{"op":"COUNT","order":"descending"},{"column":"a","order":"ascending"}],
        "havings":[{"calculate_op":"P99","column":"d","op":"<=","value":-0.25}],"limit":10,"time_range":3600,"granularity":60,"usage_mode":true}"#,
        r#"{"start_time":1772532000.5,"end_time":1772535600,"formulas":[],"compare_time_offset_seconds":3600}"#,
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

/// Text as Logs Insights QL: a query or a fault inside of it; a query prints as one that means the
/// same.
pub fn insights(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match insights::parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            // Printing adds parentheses and spaces, so only the limits on length and depth may object.
            if let Ok(again) = insights::parse(&printed) {
                assert!(again == query, "{printed}");
            }
            // Only whether it panics is asked.
            let _ = insights::lower(text, &query, "000000000000", None);
        }
        Err(fault) => {
            assert!(text.get(fault.at.clone()).is_some(), "{fault:?}");
            let (start, end) = fault.chars(text);
            assert!(start <= end);
        }
    }
}

/// Commands of the language as its documentation shows them.
#[must_use]
pub fn insights_seeds() -> Vec<Vec<u8>> {
    [
        "fields @timestamp, @message | sort @timestamp desc | limit 20",
        "fields @message | parse @message \"user=*, ms=*\" as user, ms | filter ms > 100 and user like /a.*b/ | stats avg(ms) as mean, \
         pct(ms, 95), count(*) by bin(5m), user | sort mean desc",
        "filter @message not like 'x' or status in [500, 503] | dedup user | display strcontains(a, 'b'), coalesce(c, 1 + 2 * 3)",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

/// Searches of Rollbar's items: any text is a filter or refused in words, and no time it means is to come.
pub fn rollbar_search(data: &[u8]) {
    const NOW: i64 = 1_800_000_000_000_000_000;
    let text = String::from_utf8_lossy(data);
    let mut filter = IssueFilter::new(EnvId(1));
    match search::apply(&text, &mut filter, NOW) {
        Ok(()) => {
            for since in [filter.first_since_ns, filter.last_since_ns] {
                assert!(since.is_none_or(|since| since <= NOW), "{text}: {since:?}");
            }
        }
        Err(why) => assert!(!why.is_empty(), "{text}"),
    }
}

/// Searches as the vendor's page shows them, what is refused, and ages below nothing and beyond time.
#[must_use]
pub fn rollbar_search_seeds() -> Vec<Vec<u8>> {
    [
        r#"TypeError "two words" !flask status:active level:>=error env:"my env" #12 first:<24h last:<30m count:>10"#,
        r#"framework:django fingerprint:abc context:"a#b" code_version:1.2 title:x !"not this""#,
        "host:web-1 is:group !status:muted count:5 \"open",
        "first:<-100000d last:<9223372036854775807m",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

/// Lines in which ids and requests are looked for: what is found stands in the line.
pub fn line_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    std::hint::black_box(engine::query::request::read_text(&text));
}

/// Lines of several programs, and ids in each form.
#[must_use]
pub fn line_text_seeds() -> Vec<Vec<u8>> {
    [
        "[2026-Nov-28 09:15] ::1 POST https /api/activities/5/reply?x=1 422 UNPROCESSABLE ENTITY",
        r#"203.0.113.9 - frank [10/Oct/2000:13:55:36 -0700] "DELETE /x?a=b HTTP/1.0" 404 2326 "http://r/" "Mozilla/5.0""#,
        r#"at=info method=PUT path="/a/b" host=x status=503 client_ip=10.1.2.3:80"#,
        r#"{"req":{"method":"GET","url":"/k","remoteAddress":"::ffff:10.0.0.2"},"res":{"statusCode":304},"message":"GET /m 200"}"#,
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1 request id 5759e988-bd86-2e3f-e1be-46a994272793",
        "traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01 trace_id=00000000000000000000000000000000 é1-2-3",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}
