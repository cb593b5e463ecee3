//! Answers → the vendor's JSON. Pure.

use engine::query::answer::{Cell, Row, SeriesPoint};
use engine::query::{Answer, Query, text};
use http::HeaderValue;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Groups that get a series: beyond them only results (honeycomb.md §3.7).
const SERIES_GROUPS: usize = 1_000;

/// RFC 3339 in UTC, with as many decimals as needed.
pub(crate) fn time(ns: i64) -> Option<String> {
    Timestamp::from_nanosecond(ns.into())
        .ok()
        .map(|t| t.to_string())
}

/// The time as HTTP headers write it (RFC 9110 §5.6.7).
pub(crate) fn http_date(ns: i64) -> Option<HeaderValue> {
    let at = Timestamp::from_nanosecond(ns.into()).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .ok()?;
    HeaderValue::from_str(&text).ok()
}

/// The address of the question in our own pages: one parameter per clause, as Explore keeps them.
pub(crate) fn explore_link(base: &str, env: &str, dataset: Option<&str>, query: &Query) -> String {
    let clause = |keyword: &str, part: Query| {
        let text = text::render(&part);
        text.strip_prefix(keyword)
            .unwrap_or(&text)
            .trim()
            .to_owned()
    };
    let mut calculations = query.calculations.clone();
    for c in &mut calculations {
        // Explore has no labels and no conditions of single calculations.
        c.name = None;
        c.filters.clear();
    }
    let clauses = [
        ("ds", dataset.unwrap_or_default().to_owned()),
        (
            "v",
            clause(
                "",
                Query {
                    calculations,
                    ..Query::default()
                },
            ),
        ),
        (
            "w",
            clause(
                "where",
                Query {
                    filters: query.filters.clone(),
                    filter_combination: query.filter_combination,
                    ..Query::default()
                },
            ),
        ),
        (
            "g",
            clause(
                "group by",
                Query {
                    breakdowns: query.breakdowns.clone(),
                    ..Query::default()
                },
            ),
        ),
        (
            "o",
            clause(
                "order by",
                Query {
                    orders: query.orders.clone(),
                    ..Query::default()
                },
            ),
        ),
        (
            "h",
            clause(
                "having",
                Query {
                    havings: query.havings.clone(),
                    ..Query::default()
                },
            ),
        ),
        ("l", query.limit.map(|l| l.to_string()).unwrap_or_default()),
        (
            "t",
            clause(
                "from",
                Query {
                    time_range: query.time_range,
                    start_time: query.start_time,
                    end_time: query.end_time,
                    ..Query::default()
                },
            ),
        ),
    ];
    let mut link = format!("{base}/e/{env}/explore");
    let mut before = '?';
    for (name, text) in clauses.iter().filter(|(_, text)| !text.is_empty()) {
        let text = utf8_percent_encode(text, NON_ALPHANUMERIC);
        link.push_str(&format!("{before}{name}={text}"));
        before = '&';
    }
    link
}

/// Which parts of an answer are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) series: bool,
    pub(crate) total: bool,
    pub(crate) other: bool,
}

/// The `data` of a query result. Lists are always lists, never null.
pub(crate) fn data(answer: &Answer, parts: Parts) -> Value {
    let breakdowns = &answer.breakdowns;
    let results: Vec<_> = answer
        .results
        .iter()
        .map(|r| json!({"data": row(r, breakdowns)}))
        .collect();
    let mut out = json!({"series": [], "results": results});
    if parts.series {
        let listed: Option<HashSet<String>> = (answer.results.len() > SERIES_GROUPS).then(|| {
            let first = answer.results.iter().take(SERIES_GROUPS);
            first.map(|r| group_of(r, breakdowns)).collect()
        });
        let wanted = answer.series.iter().filter(|p| {
            listed
                .as_ref()
                .is_none_or(|l| l.contains(&group_of(&p.data, breakdowns)))
        });
        out["series"] = wanted.map(|p| point(p, breakdowns)).collect();
    }
    if parts.total {
        out["total_by_aggregate"] = json!({"data": row(&answer.total, breakdowns)});
        if parts.series {
            out["total_by_aggregate_series"] = answer
                .total_series
                .iter()
                .map(|p| point(p, breakdowns))
                .collect();
        }
    }
    if parts.other
        && let Some(other) = &answer.other
    {
        out["other_by_aggregate"] = json!({"data": row(other, breakdowns)});
    }
    out
}

fn point(p: &SeriesPoint, breakdowns: &[String]) -> Value {
    json!({"time": time(p.time_ns), "data": row(&p.data, breakdowns)})
}

/// A group whose key has no value lacks it; a calculation without a value is null.
fn row(row: &Row, breakdowns: &[String]) -> Value {
    let mut out = Map::new();
    for (name, cell) in row {
        let value = match cell {
            Cell::Null if breakdowns.contains(name) => continue,
            cell => serde_json::to_value(cell).unwrap_or(Value::Null),
        };
        out.insert(name.clone(), value);
    }
    out.into()
}

/// The keys of a row's group, as one text.
fn group_of(row: &Row, breakdowns: &[String]) -> String {
    let keys: Vec<_> = breakdowns.iter().map(|b| row.get(b)).collect();
    serde_json::to_string(&keys).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Parts = Parts {
        series: true,
        total: true,
        other: true,
    };

    fn group(name: Cell, count: i64) -> Row {
        Row::from([("name".into(), name), ("COUNT".into(), Cell::Int(count))])
    }

    fn answer() -> Answer {
        Answer {
            calculations: vec!["COUNT".into()],
            breakdowns: vec!["name".into()],
            results: vec![group(Cell::Text("GET /".into()), 3), group(Cell::Null, 1)],
            series: vec![SeriesPoint {
                time_ns: 1_700_000_000_000_000_000,
                data: group(Cell::Text("GET /".into()), 3),
            }],
            total: Row::from([("COUNT".into(), Cell::Int(4))]),
            ..Answer::default()
        }
    }

    #[test]
    fn an_answer_as_the_vendor_writes_it() {
        let got = data(&answer(), ALL);
        assert_eq!(
            got,
            json!({
                "series": [{"time": "2023-11-14T22:13:20Z", "data": {"name": "GET /", "COUNT": 3}}],
                "results": [{"data": {"name": "GET /", "COUNT": 3}}, {"data": {"COUNT": 1}}],
                "total_by_aggregate": {"data": {"COUNT": 4}},
                "total_by_aggregate_series": [],
            })
        );
        let none = Parts {
            series: false,
            total: false,
            other: false,
        };
        let bare = data(&Answer::default(), none);
        assert_eq!(bare, json!({"series": [], "results": []}));
    }

    #[test]
    fn only_the_first_thousand_groups_get_a_series() {
        let mut answer = answer();
        answer.results = (0..1_500).map(|i| group(Cell::Int(i), 1)).collect();
        answer.series = answer
            .results
            .iter()
            .map(|r| SeriesPoint {
                time_ns: 0,
                data: r.clone(),
            })
            .collect();
        let got = data(&answer, ALL);
        assert_eq!(got["results"].as_array().unwrap().len(), 1_500);
        assert_eq!(got["series"].as_array().unwrap().len(), 1_000);
    }

    #[test]
    fn a_link_leads_to_the_question_in_explore() {
        let query: Query = serde_json::from_value(json!({
            "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "n", "name": "most"}],
            "filters": [{"column": "name", "op": "exists"}],
            "breakdowns": ["name"],
            "limit": 5,
        }))
        .unwrap();
        let link = explore_link("http://h:1", "dev", Some("shop"), &query);
        let plain = percent_encoding::percent_decode_str(&link)
            .decode_utf8()
            .unwrap();
        assert_eq!(
            plain,
            "http://h:1/e/dev/explore?ds=shop&v=COUNT, MAX(n)&w=name exists&g=name&l=5"
        );
        let bare = explore_link("http://h:1", "dev", None, &Query::default());
        assert_eq!(bare, "http://h:1/e/dev/explore");
    }

    #[test]
    fn dates_of_headers() {
        let date = http_date(1_700_000_000_000_000_000).unwrap();
        assert_eq!(date, "Tue, 14 Nov 2023 22:13:20 GMT");
    }
}
