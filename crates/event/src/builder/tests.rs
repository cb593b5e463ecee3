use super::*;

const NOW: i64 = 1_700_000_000_000_000_000;

fn builder() -> BatchBuilder {
    BatchBuilder::new(
        TableKind::Spans,
        RowPolicy {
            now: NOW,
            oldest: Some(NOW - 1_000_000_000),
        },
    )
}

fn row(b: &mut BatchBuilder, fields: &[(&str, ValueRef<'_>)]) {
    assert!(b.begin_row(NOW));
    b.set_dataset("d");
    for (k, v) in fields {
        b.put_named(k, *v);
    }
    b.end_row();
}

#[test]
fn the_last_value_of_a_field_wins_whatever_its_type() {
    let mut b = builder();
    row(
        &mut b,
        &[("k", ValueRef::Int(1)), ("k", ValueRef::Str("x"))],
    );
    row(
        &mut b,
        &[("k", ValueRef::Str("x")), ("k", ValueRef::Float(2.5))],
    );
    let batch = b.finish();
    assert_eq!(batch.attr("k", Type::Int), None);
    assert_eq!(
        batch.attr("k", Type::Str).unwrap().value(0),
        Some(ValueRef::Str("x"))
    );
    assert_eq!(batch.attr("k", Type::Str).unwrap().value(1), None);
    assert_eq!(
        batch.attr("k", Type::Float).unwrap().value(1),
        Some(ValueRef::Float(2.5))
    );
}

#[test]
fn an_attribute_named_like_a_fixed_column_overwrites_it_when_its_type_fits() {
    let mut b = builder();
    assert!(b.begin_row(NOW));
    b.set_dataset("d");
    b.set_name("built-in");
    b.put_named("name", ValueRef::Str("mine"));
    b.put_named("duration_ms", ValueRef::Str("slow"));
    b.end_row();
    let batch = b.finish();
    assert_eq!(
        batch.fixed(Fixed::Name).unwrap().value(0),
        Some(ValueRef::Str("mine"))
    );
    assert_eq!(batch.attr("name", Type::Str), None);
    assert_eq!(
        batch.attr("duration_ms", Type::Str).unwrap().value(0),
        Some(ValueRef::Str("slow"))
    );
}

#[test]
fn a_later_value_that_fits_removes_an_earlier_one_that_did_not() {
    let mut b = builder();
    row(
        &mut b,
        &[("name", ValueRef::Int(3)), ("name", ValueRef::Str("n"))],
    );
    let batch = b.finish();
    assert_eq!(batch.attr("name", Type::Int), None);
    assert_eq!(
        batch.fixed(Fixed::Name).unwrap().value(0),
        Some(ValueRef::Str("n"))
    );
}

#[test]
fn times_ahead_become_ours_and_keep_the_original_times_too_old_are_refused() {
    let mut b = builder();
    assert!(b.begin_row(NOW + AHEAD_LIMIT_NANOS + 1));
    b.set_dataset("d");
    b.end_row();
    assert!(!b.begin_row(NOW - 2_000_000_000));
    assert!(b.begin_row(0));
    b.set_dataset("d");
    b.end_row();
    assert_eq!(b.refused_too_old(), 1);
    let batch = b.finish();
    assert_eq!(batch.ts(), [NOW, NOW]);
    let original = batch.attr(field::META_CLIENT_TS, Type::Str).unwrap();
    assert_eq!(
        original.value(0),
        Some(ValueRef::Str("2023-11-14T23:13:20.000000001Z"))
    );
    assert_eq!(original.value(1), None);
}

#[test]
fn fields_beyond_the_limit_are_kept_in_meta_overflow() {
    let mut b = builder();
    assert!(b.begin_row(NOW));
    b.set_dataset("d");
    for i in 0..FIELDS_LIMIT + 2 {
        b.put_named(&format!("k{i}"), ValueRef::Int(7));
    }
    b.end_row();
    let batch = b.finish();
    let json = batch.attr(field::META_OVERFLOW, Type::Str).unwrap();
    assert_eq!(
        json.value(0),
        Some(ValueRef::Str(r#"{"k2000":7,"k2001":7}"#))
    );
    assert!(batch.attr("k1999", Type::Int).is_some());
    assert!(batch.attr("k2000", Type::Int).is_none());
}

#[test]
fn long_values_are_cut_at_a_character_and_named() {
    let mut b = builder();
    let long = "é".repeat(40_000);
    row(&mut b, &[("long", ValueRef::Str(&long))]);
    let batch = b.finish();
    let Some(ValueRef::Str(kept)) = batch.attr("long", Type::Str).unwrap().value(0) else {
        panic!("no value")
    };
    assert_eq!(kept.len(), 65_534);
    let named = batch.attr(field::META_TRUNCATED, Type::Str).unwrap();
    assert_eq!(named.value(0), Some(ValueRef::Str(r#"["long"]"#)));
}

#[test]
fn an_abandoned_row_leaves_nothing() {
    let mut b = builder();
    row(&mut b, &[("a", ValueRef::Str("kept"))]);
    assert!(b.begin_row(NOW));
    b.set_dataset("gone");
    b.put_named("a", ValueRef::Str("gone"));
    b.put_named("b", ValueRef::Int(1));
    b.abandon_row();
    row(&mut b, &[("a", ValueRef::Str("kept too"))]);
    let batch = b.finish();
    assert_eq!(batch.rows(), 2);
    assert_eq!(batch.datasets(), ["d"]);
    assert_eq!(batch.attr("b", Type::Int), None);
    assert_eq!(
        batch.attr("a", Type::Str).unwrap().value(1),
        Some(ValueRef::Str("kept too"))
    );
}

#[test]
fn a_sample_rate_of_one_everywhere_is_no_column() {
    let mut b = builder();
    for rate in [None, Some(1)] {
        assert!(b.begin_row(NOW));
        b.set_dataset("d");
        if let Some(r) = rate {
            b.set_sample_rate(r);
        }
        b.end_row();
    }
    assert_eq!(b.finish().fixed(Fixed::SampleRate), None);

    let mut b = builder();
    row(&mut b, &[]);
    assert!(b.begin_row(NOW));
    b.set_dataset("d");
    b.set_sample_rate(20);
    b.end_row();
    let batch = b.finish();
    assert_eq!((batch.sample_rate(0), batch.sample_rate(1)), (1, 20));
}

#[test]
fn stacked_batches_keep_rows_values_and_identities() {
    let mut a = builder();
    row(
        &mut a,
        &[("x", ValueRef::Int(1)), ("s", ValueRef::Str("one"))],
    );
    let mut b = builder();
    row(&mut b, &[("x", ValueRef::Str("two"))]);
    row(&mut b, &[("s", ValueRef::Str("one"))]);
    let (mut a, mut b) = (a.finish(), b.finish());
    a.fill_event_ids(5);
    b.fill_event_ids(9);
    let all = EventBatch::concat(&[&a, &b]);
    assert_eq!(all.rows(), 3);
    assert_eq!(
        all.attr("x", Type::Int).unwrap().value(0),
        Some(ValueRef::Int(1))
    );
    assert_eq!(
        all.attr("x", Type::Str).unwrap().value(1),
        Some(ValueRef::Str("two"))
    );
    assert_eq!(
        all.attr("s", Type::Str).unwrap().value(2),
        Some(ValueRef::Str("one"))
    );
    assert_eq!(all.event_id(2), EventId::of_sequence(9, 1));
}

#[test]
fn dates_print_as_the_calendar_has_them() {
    // Values from `date -u -d @N`.
    for (secs, want) in [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (951_782_400, "2000-02-29T00:00:00.000000000Z"),
        (4_102_444_799, "2099-12-31T23:59:59.000000000Z"),
        (-1, "1969-12-31T23:59:59.000000000Z"),
    ] {
        assert_eq!(rfc3339(secs * 1_000_000_000), want);
    }
}

#[test]
fn defaults_are_in_each_row_that_has_no_value_of_its_own() {
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    let [host, pid, up, late] = ["host", "pid", "up", "late"].map(|n| b.field(n));
    let row = |b: &mut BatchBuilder, own: &[(FieldSlot, ValueRef<'_>)]| {
        assert!(b.begin_row(NOW));
        b.set_dataset("d");
        for (slot, value) in own {
            b.put(*slot, *value);
        }
        b.end_row();
    };
    row(&mut b, &[(host, ValueRef::Str("before"))]);
    b.set_defaults([
        (host, ValueRef::Str("overwritten")),
        (pid, ValueRef::Int(7)),
        (up, ValueRef::Bool(true)),
        (host, ValueRef::Str("a")),
    ]);
    row(&mut b, &[]);
    row(
        &mut b,
        &[(host, ValueRef::Str("own")), (pid, ValueRef::Str("text"))],
    );
    row(&mut b, &[(host, ValueRef::Int(3))]);
    assert!(b.begin_row(NOW));
    b.abandon_row();
    row(&mut b, &[]);
    b.set_defaults([(host, ValueRef::Str("b"))]);
    b.set_defaults([(late, ValueRef::Float(0.5))]);
    row(&mut b, &[]);
    let batch = b.finish();
    let shown: Vec<String> = (0..batch.rows())
        .map(|r| {
            let mut fields = Vec::new();
            batch.for_each_attr(r, |k, v| fields.push(format!("{k}={v:?}")));
            fields.join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"host=Str("before")"#,
            r#"host=Str("a") pid=Int(7) up=Bool(true)"#,
            r#"host=Str("own") pid=Str("text") up=Bool(true)"#,
            r#"host=Int(3) pid=Int(7) up=Bool(true)"#,
            r#"host=Str("a") pid=Int(7) up=Bool(true)"#,
            r#"late=Float(0.5)"#,
        ]
    );
    let host = batch.attr("host", Type::Str).unwrap();
    let crate::Data::Str(text) = &host.data else {
        panic!("text")
    };
    assert_eq!(
        text.dict.iter().count(),
        3,
        "values no row took are not listed"
    );
    assert_eq!(crate::EventBatch::decode(&batch.encode()).unwrap(), batch);
}

#[test]
fn fields_of_our_making_do_not_count_against_the_limit() {
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    assert!(b.begin_row(NOW));
    b.put_named("meta.source", ValueRef::Str("otlp"));
    b.discount_fields();
    for i in 0..FIELDS_LIMIT {
        b.put_named(&format!("k{i}"), ValueRef::Int(7));
    }
    b.end_row();
    let batch = b.finish();
    assert!(batch.attr("k1999", Type::Int).is_some());
    assert!(batch.attr("meta.overflow", Type::Str).is_none());
}
