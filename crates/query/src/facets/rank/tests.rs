use super::super::tally::Side;
use super::*;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringViewArray};
use std::sync::Arc;

/// Rows as made by hand: selected or not, with their fields as text; `!` first: a number.
fn check(rows: &[(bool, &[(&str, &str)])], measured: Option<&str>) -> Vec<Facet> {
    let mut names: Vec<&str> = rows.iter().flat_map(|r| r.1.iter().map(|f| f.0)).collect();
    names.sort_unstable();
    names.dedup();
    let sides: Vec<Side> = rows
        .iter()
        .map(|r| Side {
            selected: u64::from(r.0),
            baseline: u64::from(!r.0),
        })
        .collect();
    let get = |r: &(bool, &[(&str, &str)]), name: &str| -> Option<String> {
        r.1.iter().find(|f| f.0 == name).map(|f| f.1.to_owned())
    };
    let number = |s: String| s.trim_start_matches('!').parse::<f64>().ok();
    let of_measured: Option<Vec<f64>> = measured.map(|m| {
        rows.iter()
            .map(|r| get(r, m).and_then(number).unwrap_or(f64::NAN))
            .collect()
    });
    let counted = names
        .into_iter()
        .map(|name| {
            let values: Vec<Option<String>> = rows.iter().map(|r| get(r, name)).collect();
            let array: ArrayRef = if values.iter().flatten().all(|v| v.starts_with('!')) {
                if values.iter().flatten().all(|v| !v.contains('.')) {
                    Arc::new(
                        values
                            .into_iter()
                            .map(|v| v.and_then(|v| v[1..].parse::<i64>().ok()))
                            .collect::<Int64Array>(),
                    )
                } else {
                    Arc::new(
                        values
                            .into_iter()
                            .map(|v| v.and_then(number))
                            .collect::<Float64Array>(),
                    )
                }
            } else {
                Arc::new(StringViewArray::from_iter(values))
            };
            let mut tally = Tally::default();
            tally.add(&array, &sides, of_measured.as_deref());
            Counted {
                field: name.to_owned(),
                tally,
                chosen: measured == Some(name),
            }
        })
        .collect();
    let total = Count {
        selected: sides.iter().map(|s| s.selected).sum(),
        baseline: sides.iter().map(|s| s.baseline).sum(),
        rows: sides.len() as u64,
    };
    rank(counted, total, measured)
}

fn names(facets: &[Facet]) -> Vec<&str> {
    facets.iter().map(|f| f.field.as_str()).collect()
}

#[test]
fn difference_is_the_greatest_difference_of_shares_and_null_is_a_value() {
    let facets = check(
        &[
            (true, &[("a", "x"), ("b", "x")]),
            (true, &[("a", "x")]),
            (false, &[("a", "x"), ("b", "x")]),
            (false, &[("a", "y"), ("b", "x")]),
        ],
        None,
    );
    assert_eq!(names(&facets), ["a", "b"]);
    assert!((facets[0].difference - 0.5).abs() < 1e-9);
    let Shape::Values { bars, .. } = &facets[1].shape else {
        panic!()
    };
    let null = bars.iter().find(|b| b.value == Cell::Null).unwrap();
    assert_eq!((null.selected, null.baseline), (1, 0));
}

#[test]
fn a_measure_is_compared_by_its_distribution() {
    let text: Vec<String> = (0..100).map(|i| format!("!{i}.5")).collect();
    let fields: Vec<[(&str, &str); 1]> = text.iter().map(|t| [("m", t.as_str())]).collect();
    let rows: Vec<(bool, &[(&str, &str)])> = fields
        .iter()
        .enumerate()
        .map(|(i, f)| (i >= 80, f.as_slice()))
        .collect();
    let facets = check(&rows, None);
    assert!(facets[0].difference > 0.99, "{}", facets[0].difference);
    let Shape::Measure { selected, baseline } = &facets[0].shape else {
        panic!()
    };
    let sum = |b: &[Bin]| b.iter().map(|b| b.count).sum::<i64>();
    assert_eq!((sum(selected), sum(baseline)), (20, 80));
    assert_eq!(selected.len(), baseline.len());
}

#[test]
fn few_integers_are_values_and_truth_too() {
    let facets = check(
        &[
            (true, &[("status", "!500")]),
            (false, &[("status", "!200")]),
        ],
        None,
    );
    let Shape::Values { bars, distinct, .. } = &facets[0].shape else {
        panic!()
    };
    assert_eq!(*distinct, 2);
    assert!(bars.iter().any(|b| b.value == Cell::Int(500)));
    let mut tally = Tally::default();
    let array: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let side = |s, b| Side {
        selected: s,
        baseline: b,
    };
    tally.add(&array, &[side(1, 0), side(0, 1)], None);
    let counted = Counted {
        field: "hit".into(),
        tally,
        chosen: false,
    };
    let total = Count {
        selected: 1,
        baseline: 1,
        rows: 2,
    };
    let facets = rank(vec![counted], total, None);
    let Shape::Values { bars, .. } = &facets[0].shape else {
        panic!()
    };
    assert_eq!(bars[0].value, Cell::Bool(false));
}

/// *Scenario*: one route is slow for one handle; every span has ids, a path that repeats the
/// handle, a name that repeats the route, and durations under other names.
/// *Guarantees*: route and handle come first, then their repetitions, then ids, then the measured
/// field.
#[test]
fn the_slow_route_and_handle_come_before_what_follows_from_them() {
    let mut made: Vec<(bool, Vec<(&str, String)>)> = Vec::new();
    for i in 0..400u32 {
        let route = ["/home", "/search", "/@<handle>", "/notifications"][(i % 4) as usize];
        let handle = ["bayko", "worf", "garek", "zoe", "alma"][(i / 4 % 5) as usize];
        let slow = route == "/@<handle>" && handle == "worf";
        let ms = f64::from(i * 37 % 50) + if slow { 700.25 } else { 1.25 };
        made.push((
            slow,
            vec![
                ("duration_ms", format!("!{ms}")),
                ("busy_ns", format!("!{:.0}", ms * 1e6)),
                ("http.route", route.to_owned()),
                ("name", format!("GET {route}")),
                ("user.handle", handle.to_owned()),
                ("url.path", format!("{route}/{handle}")),
                ("request.id", format!("{i:x}-{}", i * 7919)),
                ("trace.trace_id", format!("{:032x}", i * 31)),
                (
                    "cloud.region",
                    ["eu", "us"][(i / 20 % 2) as usize].to_owned(),
                ),
                ("app.result_length", format!("!{}", i % 3)),
            ],
        ));
    }
    let borrowed: Vec<(bool, Vec<(&str, &str)>)> = made
        .iter()
        .map(|(s, f)| (*s, f.iter().map(|(n, v)| (*n, v.as_str())).collect()))
        .collect();
    let rows: Vec<(bool, &[(&str, &str)])> =
        borrowed.iter().map(|(s, f)| (*s, f.as_slice())).collect();
    let facets = check(&rows, Some("duration_ms"));
    let order = names(&facets);
    let first: Vec<&str> = order[..4].to_vec();
    assert!(first.contains(&"http.route"), "{order:?}");
    assert!(first.contains(&"user.handle"), "{order:?}");
    assert_eq!(order.last(), Some(&"duration_ms"), "{order:?}");
    let of = |name: &str| facets.iter().find(|f| f.field == name).unwrap();
    assert_eq!(of("name").follows.as_deref(), Some("http.route"));
    assert_eq!(of("busy_ns").follows.as_deref(), Some("duration_ms"));
    assert!(of("request.id").is_id && of("trace.trace_id").is_id);
    assert_eq!(&order[order.len() - 3..order.len() - 1].len(), &2);
    assert!(
        order[order.len() - 3..].contains(&"request.id"),
        "{order:?}"
    );
}

#[test]
fn without_a_selection_the_fullest_fields_come_first() {
    let facets = check(
        &[
            (true, &[("full", "a"), ("rare", "a")]),
            (true, &[("full", "b")]),
        ],
        None,
    );
    assert_eq!(names(&facets), ["full", "rare"]);
    assert!(facets.iter().all(|f| f.difference == 0.0));
}

#[test]
fn edges_are_shared_whole_for_integers_and_factors_for_wide_ranges() {
    assert_eq!(edges(1.0, 3.0, true), [1.0, 2.0, 3.0, 4.0]);
    let wide = edges(0.001, 1000.0, false);
    assert_eq!(wide.len(), BINS + 1);
    assert!(wide[1] < 0.01 && wide[BINS] > 1000.0);
    assert_eq!(edges(5.0, 5.0, false).len(), 2);
}

/// *Scenario*: the slow route and the slow handle have, by chance, the very same counts inside and
/// outside the selection; their other values differ. *Guarantees*: neither passes for a repetition
/// of the other.
#[test]
fn equal_counts_of_one_value_are_no_repetition() {
    let row = |route, handle| vec![("http.route", route), ("app.user_handle", handle)];
    let mut made = vec![(true, row("/search", "worf")); 10];
    made.extend(vec![(false, row("/search", "coco")); 7]);
    made.extend(vec![(false, row("/home", "worf")); 7]);
    made.extend(vec![(false, row("/home", "lore")); 30]);
    let rows: Vec<(bool, &[(&str, &str)])> = made.iter().map(|(s, f)| (*s, f.as_slice())).collect();
    let facets = check(&rows, None);
    assert!(facets.iter().all(|f| f.follows.is_none()), "{facets:?}");
}
