//! What is refused, with its place; and what holds for any text.

use super::syntax::{Command, CommandKind, Item, Kind, Node, Operator, ParsePattern, Place, Query};
use super::*;
use engine::query::pipeline::{Period, Segment, Unit};
use proptest::prelude::*;

/// The query is refused, at this piece of its text, in words that have `why` among them.
fn refuse(query: &str, at: &str, why: &str) {
    let fault = match compile(query, "000000000000", None) {
        Ok(lowered) => panic!("{query}: taken as {lowered:?}"),
        Err(fault) => fault,
    };
    let found = query.get(fault.at.clone()).unwrap_or_default();
    assert_eq!(found, at, "{query}: {fault}");
    assert!(fault.message.contains(why), "{query}: {fault}");
}

#[test]
fn commands_that_are_not_built_are_refused_by_name() {
    for (query, name) in [
        ("source 'g' | limit 1", "source"),
        ("fields a | pattern @message", "pattern"),
        ("pattern @message | diff previousDay", "pattern"),
        ("fields a | diff", "diff"),
        ("fields a | anomaly", "anomaly"),
        ("unmask a", "unmask"),
        (
            "fields jsonParse(@message) as j | unnest j.events into e",
            "unnest",
        ),
        ("lookup t a as b OUTPUT c", "lookup"),
        (
            "join type=inner left=L right=R where L.k=R.k (SOURCE 'g')",
            "join",
        ),
        ("filterIndex a = 1", "filterIndex"),
        ("stats count(*) by a | addtotals", "addtotals"),
        ("accum a as b", "accum"),
        ("countFrequent a", "countFrequent"),
        ("filldown a", "filldown"),
        (
            "stats count(*) by bin(1m) | fillmissing with 0 for n",
            "fillmissing",
        ),
        ("logcompare timeshift 7d", "logcompare"),
        ("sessionize a maxspan 30m", "sessionize"),
        ("tail 10", "tail"),
    ] {
        refuse(query, name, &format!("the command {name} is not supported"));
    }
    refuse("fields a | wombat b", "wombat", "wombat is no command");
}

#[test]
fn functions_that_are_not_built_are_refused_by_name() {
    for (query, name) in [
        ("fields unmask(a)", "unmask"),
        ("stats rate(a, 1m) by bin(5m)", "rate"),
        ("stats count_over_time(a) by bin(5m)", "count_over_time"),
        ("stats sum_over_time(a) by bin(5m)", "sum_over_time"),
        ("stats histogram(a, 10)", "histogram"),
    ] {
        refuse(
            query,
            name,
            &format!("the function {name} is not supported"),
        );
    }
    refuse("filter wombat(a) = 1", "wombat", "wombat is no function");
    refuse("stats wombat(a)", "wombat", "wombat is no function");
}

#[test]
fn what_commands_do_not_take_is_refused_where_it_stands() {
    for (query, at, why) in [
        ("", "", "the query is empty"),
        ("# nothing\n", "# nothing\n", "the query is empty"),
        ("fields", "", "ends where an expression"),
        ("fields a |", "", "ends where a command"),
        ("fields a | | fields b", "|", "a command is expected"),
        ("fields a, | limit 1", "|", "an expression is expected"),
        ("fields a as", "", "ends where a name"),
        ("fields a as by", "by", "word of the language"),
        ("fields *", "*", "an expression is expected"),
        ("filter a = ", "", "ends where an expression"),
        (
            "filter a = 1 b",
            "b",
            "| or the end of the query is expected",
        ),
        ("filter a == 1", "==", "== is no operator"),
        ("filter a = 1 && b = 2", "&&", "&& is no operator"),
        ("filter a = 1 || b = 2", "||", "|| is no operator"),
        ("fields a || b", "||", "concat()"),
        ("filter a <> 1", "<>", "<> is no operator"),
        ("filter a = null", "null", "ispresent"),
        (
            "filter a like b",
            "b",
            "text in quotes or a regular expression",
        ),
        ("filter a not = 1", "=", "like or in"),
        ("filter a =~ 'x'", "'x'", "a regular expression is expected"),
        ("filter a in ('x')", "(", "a subquery"),
        ("filter a in (SOURCE 'g' | fields a)", "(", "a subquery"),
        ("filter a in ['x'", "", "ends where ]"),
        ("filter (a = 1", "", "ends where )"),
        ("filter a = 'x", "'x", "the text has no end"),
        (
            "filter a like /x",
            "/x",
            "the regular expression has no end",
        ),
        (
            "filter a like /(x/",
            "/(x/",
            "the regular expression is wrong",
        ),
        ("filter a like /(?=x)/", "/(?=x)/", "look-around"),
        ("filter `a = 1", "`a = 1", "the name has no end"),
        ("filter a = 5x", "5x", "neither a number nor a period"),
        ("filter a = 5m", "5m", "a period stands in bin()"),
        ("filter é = 1", "é", "unexpected character"),
        ("fields a # b\n| limit 0", "0", "limit is 1 to 10000"),
        ("limit 10001", "10001", "limit is 1 to 10000"),
        ("limit 1.5", "1.5", "a whole number"),
        ("sort a down", "down", "| or the end of the query"),
        ("fields bin(5)", "5", "a period is expected"),
        ("fields bin(0m)", "0m", "is no period"),
        (
            "fields bin(5m, 1)",
            "bin(5m, 1)",
            "bin is called as bin(5m)",
        ),
        ("fields abs()", "abs()", "abs is called as abs(n)"),
        ("fields substr(a)", "substr(a)", "substr is called as"),
        ("fields count(*)", "count", "count stands in stats only"),
        ("filter avg(a) > 1", "avg", "avg stands in stats only"),
    ] {
        refuse(query, at, why);
    }
}

#[test]
fn parse_stats_and_dedup_are_refused_where_they_make_no_sense() {
    for (query, at, why) in [
        ("parse @message '* *' as a", "'* *'", "2 * for 1 names"),
        ("parse @message 'x' as a", "'x'", "0 * for 1 names"),
        ("parse @message '*'", "", "ends where as"),
        ("parse @message /a(b)/", "/a(b)/", "no named group"),
        (
            "parse @message /(?<a>b)/ as c",
            "as",
            "names its groups itself",
        ),
        (
            "parse @message logfmt",
            "logfmt",
            "parse with logfmt is not supported",
        ),
        (
            "parse @message csv ','",
            "csv",
            "parse with csv is not supported",
        ),
        ("parse @message", "", "a pattern in quotes"),
        ("stats a by b", "a", "a stands outside of an aggregate"),
        ("stats 1 as n by b", "1", "n is no aggregate"),
        (
            "stats count(*) + a by b",
            "a",
            "stands outside of an aggregate",
        ),
        ("stats avg(max(a))", "max", "max stands in stats only"),
        ("stats sum()", "sum()", "sum is called as sum(f)"),
        ("stats sum(*)", "*", "count(*) only"),
        ("stats pct(a)", "pct(a)", "pct is called as"),
        ("stats pct(a, 101)", "101", "0 to 100"),
        (
            "stats count(*) by bin(5m) offset 1h",
            "offset",
            "offset is not supported",
        ),
        (
            "stats count(*) as n, sum(a) as n",
            "sum(a)",
            "two columns of stats are named n",
        ),
        ("stats count(*) by a, a", "a", "stands twice"),
        (
            "stats count(*) as n by a | filter b = 1",
            "b",
            "stats leaves only its own columns",
        ),
        (
            "stats count(*) | sort @timestamp",
            "@timestamp",
            "stats leaves only",
        ),
        (
            "stats count(*) as n by a | stats latest(n)",
            "latest",
            "needs @timestamp",
        ),
        (
            "stats count(*) as n by a | fields bin(5m)",
            "bin",
            "stats leaves only",
        ),
        (
            "stats count(*) as n by a | parse a '*' as b",
            "parse",
            "cannot stand after stats",
        ),
        (
            "stats count(*) as n by a | dedup a",
            "dedup",
            "cannot stand after stats",
        ),
        ("dedup a | fields b", "fields", "only limit may"),
        ("dedup a | stats count(*)", "stats", "only limit may"),
    ] {
        refuse(query, at, why);
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
