//! What is refused, with its place; and what holds for any text.

mod refused;

use super::syntax::{
    Command, CommandKind, Fault, Item, Kind, Node, Operator, ParsePattern, Place, Query,
};
use super::*;
use engine::query::pipeline::{Period, Segment, Unit};
use proptest::prelude::*;
use refused::{MISPLACED, NOT_BUILT, SENSELESS};
use std::collections::BTreeSet;

/// What is wrong with a query.
fn fault(query: &str) -> Fault {
    match compile(query, "000000000000", None) {
        Ok(lowered) => panic!("{query}: taken as {lowered:?}"),
        Err(fault) => fault,
    }
}

/// The queries are refused, at that piece of their text, in words that have those among them.
fn refuse(cases: &[(&str, &str, &str, &str)]) {
    for (section, query, at, why) in cases {
        assert!(section.starts_with("7."), "{query}: {section}");
        let fault = fault(query);
        let found = query.get(fault.at.clone()).unwrap_or_default();
        assert_eq!(found, *at, "§{section}: {query}: {fault}");
        assert!(
            fault.message.contains(why),
            "§{section}: {query}: {fault}, not {why}"
        );
    }
}

/// *Guarantees*: what the language has and ours has not is refused by name, with its place in the message that
/// the client gets.
#[test]
fn what_is_not_built_is_refused_with_its_name_and_its_place() {
    assert!(NOT_BUILT.len() >= 40, "{}", NOT_BUILT.len());
    let mut seen = BTreeSet::new();
    for (section, query, what, line, position) in NOT_BUILT {
        assert!(section.starts_with("7."), "{query}: {section}");
        assert!(seen.insert(query), "{query} stands twice");
        let fault = fault(query);
        // The place is that of the name alone; of a subquery it is where it opens.
        let found = query.get(fault.at.clone()).unwrap_or_default();
        let is_named = what.to_lowercase().contains(&found.to_lowercase());
        assert!(
            found == "(" || !found.is_empty() && is_named,
            "{query}: {found:?}"
        );
        let told = operations::malformed(query, &fault);
        assert_eq!(told.code, "MalformedQueryException");
        let want = format!("{what} at line {line} and position {position}");
        assert_eq!(told.message, want, "§{section}: {query}");
    }
}

#[test]
fn what_commands_do_not_take_is_refused_where_it_stands() {
    refuse(MISPLACED);
}

#[test]
fn parse_stats_and_dedup_are_refused_where_they_make_no_sense() {
    refuse(SENSELESS);
}

/// The vendor's old name of `limit` (cloudwatch.md §7.3).
#[test]
fn head_is_limit() {
    for (old, new) in [
        ("head 3", "limit 3"),
        ("fields a | HEAD 20", "fields a | limit 20"),
        ("dedup a | head 5", "dedup a | limit 5"),
        (
            "head 9 | filter a = 1 | head 2",
            "limit 9 | filter a = 1 | limit 2",
        ),
        // A field may be called so.
        (
            "filter head = 1 | fields head | head 1",
            "filter head = 1 | fields head | limit 1",
        ),
    ] {
        assert_eq!(parse(old).unwrap(), parse(new).unwrap(), "{old}");
        assert!(compile(old, "0", None).is_ok(), "{old}");
    }
}

#[test]
fn places_are_counted_in_characters() {
    let query = "fields 日本 | limit 1";
    let fault = compile(query, "0", None).unwrap_err();
    assert_eq!(fault.chars(query), (7, 8));
    let query = "filter a = '日本' | wombat";
    let fault = compile(query, "0", None).unwrap_err();
    assert_eq!(fault.chars(query), (18, 24));
}

#[test]
fn long_and_deep_queries_are_refused() {
    let long = format!("fields {}", "a,".repeat(5_000));
    assert!(parse(&long).unwrap_err().message.contains("10000"));
    for open in ["(", "not ", "-", "abs("] {
        let deep = format!("filter {}a", open.repeat(2_000));
        let why = parse(&deep).unwrap_err().message;
        assert!(why.contains("nest deeper"), "{open}: {why}");
    }
    let regex = |n: usize| format!("filter a like /{}/", "b".repeat(n));
    assert!(parse(&regex(4_096)).is_ok());
    assert!(parse(&regex(4_097)).unwrap_err().message.contains("4096"));
    let powers = format!("fields {}2", "2^".repeat(2_000));
    assert!(parse(&powers).is_err());
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_@][a-z0-9_@]{0,6}(\\.[a-z0-9]{1,4}){0,2}",
        "[a-z \\-#|'\"/]{1,8}",
        Just("by".to_owned()),
        Just("@message".to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = Kind> {
    let unit = prop_oneof![
        Just(Unit::Millisecond),
        Just(Unit::Minute),
        Just(Unit::Month),
        Just(Unit::Quarter),
        Just(Unit::Year)
    ];
    prop_oneof![
        any::<i32>().prop_map(|i| Kind::Int(i.into())),
        (0.001f64..1e9).prop_map(|x| if x.fract() == 0.0 {
            Kind::Int(7)
        } else {
            Kind::Float(x)
        }),
        "[ -~é日\n\t]{0,8}".prop_map(Kind::Text),
        any::<bool>().prop_map(Kind::Truth),
        Just(Kind::Null),
        (1u32..1000, unit).prop_map(|(count, unit)| Kind::Period(Period { count, unit })),
        name().prop_map(Kind::Name),
    ]
}

fn node() -> BoxedStrategy<Node> {
    let make = |kind| Node::new(kind, 0..0);
    leaf()
        .prop_map(make)
        .prop_recursive(4, 24, 3, move |inner| {
            let b = |n: Node| Box::new(n);
            let pair = || (inner.clone(), inner.clone());
            let regex = "[a-z/.*+]{1,6}".prop_filter("a regular expression", |r| {
                engine::query::pipeline::regex(r).is_ok()
            });
            let segment = prop_oneof![
                (0usize..20).prop_map(Segment::Index),
                "[a-z ]{1,4}".prop_map(Segment::Key),
            ];
            prop_oneof![
                pair().prop_map(move |(x, y)| Kind::And(b(x), b(y))),
                pair().prop_map(move |(x, y)| Kind::Or(b(x), b(y))),
                (proptest::sample::select(Operator::ALL.to_vec()), pair())
                    .prop_map(move |(op, (x, y))| Kind::Binary(op, b(x), b(y))),
                inner.clone().prop_map(move |x| Kind::Not(b(x))),
                // A minus before a number is part of it.
                name().prop_map(move |n| Kind::Negate(b(make(Kind::Name(n))))),
                (inner.clone(), "[ -~é\n]{0,6}", any::<bool>())
                    .prop_map(move |(x, t, no)| Kind::Like(b(x), t, no)),
                (inner.clone(), regex, any::<bool>()).prop_map(move |(x, r, no)| Kind::Finds(
                    b(x),
                    r,
                    no
                )),
                (
                    inner.clone(),
                    prop::collection::vec(inner.clone(), 0..3),
                    any::<bool>()
                )
                    .prop_map(move |(x, list, no)| Kind::In(b(x), list, no)),
                ("[a-z]{2,5}f", prop::collection::vec(inner.clone(), 0..3))
                    .prop_map(|(f, args)| Kind::Call(f, args)),
                (name(), 0usize..9).prop_map(move |(n, i)| Kind::Path(
                    b(make(Kind::Name(n))),
                    vec![Segment::Index(i)]
                )),
                ("[a-z]{2,5}f", prop::collection::vec(segment, 1..3))
                    .prop_map(move |(f, s)| { Kind::Path(b(make(Kind::Call(f, Vec::new()))), s) }),
            ]
            .prop_map(make)
        })
        .boxed()
}

fn command() -> impl Strategy<Value = CommandKind> {
    let item =
        (node(), proptest::option::of(name())).prop_map(|(node, alias)| Item { node, alias });
    let items = prop::collection::vec(item, 1..3).boxed();
    let globs = prop::collection::vec(name(), 1..3).prop_flat_map(|names| {
        let pieces = prop::collection::vec("[ -)+-~é]{0,4}", names.len() + 1);
        pieces.prop_map(move |p| (p.join("*"), names.clone()))
    });
    prop_oneof![
        items.clone().prop_map(CommandKind::Fields),
        items.clone().prop_map(CommandKind::Display),
        node().prop_map(CommandKind::Filter),
        (items.clone(), prop_oneof![Just(Vec::new()), items])
            .prop_map(|(values, by)| CommandKind::Stats { values, by }),
        prop::collection::vec((node(), any::<bool>()), 1..3).prop_map(CommandKind::Sort),
        (1usize..=10_000).prop_map(CommandKind::Limit),
        prop::collection::vec(node(), 1..3).prop_map(CommandKind::Dedup),
        (proptest::option::of(name()), globs).prop_map(|(from, (glob, names))| {
            CommandKind::Parse {
                from: from.map(|n| Node::new(Kind::Name(n), 0..0)),
                pattern: ParsePattern::Glob(glob),
                names,
            }
        }),
        "[a-z]{1,4}".prop_map(|n| CommandKind::Parse {
            from: None,
            pattern: ParsePattern::Regex(format!("x/(?<{n}>\\d+)")),
            names: vec![n],
        }),
    ]
}

proptest! {
    #[test]
    fn a_query_is_read_back_as_it_was_printed(kinds in prop::collection::vec(command(), 1..4)) {
        let commands = kinds.into_iter().map(|kind| Command { kind, at: Place::default() });
        let query = Query { commands: commands.collect() };
        let text = query.to_string();
        let again = parse(&text);
        prop_assert_eq!(again.as_ref(), Ok(&query), "{}", text);
    }

    #[test]
    fn any_text_is_a_query_or_a_fault_inside_of_it(text in "\\PC{0,80}") {
        if let Err(fault) = compile(&text, "0", None) {
            prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= text.len());
            prop_assert!(text.is_char_boundary(fault.at.start), "{:?}", fault);
            prop_assert!(text.is_char_boundary(fault.at.end), "{:?}", fault);
        }
    }

    #[test]
    fn pieces_of_queries_in_any_order_never_panic(
        pieces in prop::collection::vec(proptest::sample::select(vec![
            "fields", "stats", "parse", "filter", "dedup", "sort", "limit", "display", "|", ",",
            "by", "as", "a", "@message", "`b c`", "'x*'", "\"", "/r/", "/", "(", ")", "[", "]",
            "count(*)", "avg(", "bin(5m)", "5m", "1", "1.5", "-", "+", "^", "not", "like", "in",
            "and", "or", "=", "!=", "=~", "null", "true", "#", "\n", ".", "*", "%", "日",
        ]), 0..24),
    ) {
        let text = pieces.join(" ");
        if let Ok(lowered) = compile(&text, "0", None) {
            prop_assert!(!lowered.pipeline.columns.is_empty());
        }
    }
}
