//! Bytes that no client of good will sends.

use super::*;
use crate::translate::{Untranslatable, VALUES_LIMIT};
use crate::wire::ANY_VALUE_DEPTH_LIMIT;

fn attempt(signal: Signal, body: &[u8]) -> Result<Translated, Untranslatable> {
    translate(signal, body, context(), &mut made)
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// A request of one resource with `resource` attributes and `spans`, as raw messages.
fn traces(resource: &[u8], spans: &[u8]) -> Vec<u8> {
    field(1, &[field(1, resource), field(2, spans)].concat())
}

#[test]
fn a_truncated_request_says_where_it_ends() {
    let whole = traces(
        &field(1, b"\x0a\x01k\x12\x03\x0a\x01v"),
        &field(2, &field(5, b"name")),
    );
    assert_eq!(attempt(Signal::Traces, &whole).unwrap().batch.rows(), 1);
    for signal in Signal::ALL {
        for end in 1..whole.len() {
            let error = attempt(signal, &whole[..end]).unwrap_err().to_string();
            assert!(error.contains("truncated"), "{end}: {error}");
        }
    }
    assert_eq!(
        attempt(Signal::Traces, &whole[..20])
            .unwrap_err()
            .to_string(),
        "ExportServiceRequest: truncated: a field of 22 bytes with 18 left at byte 2"
    );
}

#[test]
fn garbage_is_refused_with_its_place() {
    for (body, want) in [
        (&b"not protobuf at all"[..], "wire type"),
        (&b"\x00\x00"[..], "impossible field number 0"),
        (
            &b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..],
            "number longer than 64 bits",
        ),
        (&b"\x08\x01"[..], "not length-delimited"),
        (&b"\x0b\x0a"[..], "truncated"),
    ] {
        let error = attempt(Signal::Traces, body).unwrap_err().to_string();
        assert!(error.contains(want), "{body:?}: {error}");
        assert!(error.contains("at byte"), "{error}");
    }
}

#[test]
fn values_nested_beyond_the_limit_are_refused() {
    let nested = |levels: usize| {
        let mut v = b"\x10\x01".to_vec();
        for _ in 0..levels {
            v = field(5, &field(1, &v));
        }
        traces(
            &[],
            &field(2, &field(9, &[field(1, b"k"), field(2, &v)].concat())),
        )
    };
    assert!(attempt(Signal::Traces, &nested(ANY_VALUE_DEPTH_LIMIT - 1)).is_ok());
    for levels in [ANY_VALUE_DEPTH_LIMIT, 5_000] {
        match attempt(Signal::Traces, &nested(levels)) {
            Err(Untranslatable::Malformed(m)) => assert!(m.too_deep, "{m}"),
            other => panic!("{levels}: {other:?}"),
        }
    }
}

#[test]
fn groups_are_passed_over_but_not_without_end() {
    let group = [vec![0x23; 50], vec![0x24; 50]].concat();
    assert!(attempt(Signal::Traces, &group).is_ok());
    let error = attempt(Signal::Traces, &vec![0x23; 1_000_000]).unwrap_err();
    assert!(error.to_string().contains("deeper than 100"), "{error}");
}

/// *Scenario*: a body of 2 MB of empty spans under a resource of 2,000 attributes, which would
/// unfold to 2,000 million values. *Guarantees*: refused while small, with the way out.
#[test]
fn a_body_that_unfolds_is_refused_early() {
    let attribute = |i: usize| {
        let kv = [field(1, format!("k{i}").as_bytes()), field(2, b"\x18\x01")].concat();
        field(1, &kv)
    };
    let resource: Vec<u8> = (0..2_000).flat_map(attribute).collect();
    let spans = field(2, b"").repeat(1_000_000);
    let error = attempt(Signal::Traces, &traces(&resource, &spans)).unwrap_err();
    let want =
        format!("the request unfolds to more than {VALUES_LIMIT} values; send smaller batches");
    assert_eq!(error.to_string(), want);
}

/// *Scenario*: one event of 1 MB with 60,000 attributes. *Guarantees*: taken, the surplus in
/// `meta.overflow`, in linear time.
#[test]
fn a_very_wide_span_is_taken() {
    let attribute = |i: usize| {
        let kv = [
            field(1, format!("key{i}").as_bytes()),
            field(2, b"\x18\x01"),
        ]
        .concat();
        field(9, &kv)
    };
    let span: Vec<u8> = (0..60_000).flat_map(attribute).collect();
    let batch = attempt(Signal::Traces, &traces(&[], &field(2, &span)))
        .unwrap()
        .batch;
    let overflow = row(&batch, 0);
    assert!(overflow.contains("meta.overflow"));
    assert!(overflow.contains("key59999"));
}

#[test]
fn broken_text_is_repaired_not_refused() {
    let span = [
        field(5, b"caf\xc3"),
        field(
            9,
            &[field(1, b"k\xff"), field(2, &field(1, b"\xf0\x9f"))].concat(),
        ),
    ];
    let batch = attempt(Signal::Traces, &traces(&[], &field(2, &span.concat())))
        .unwrap()
        .batch;
    let got = row(&batch, 0);
    assert!(got.contains("[name] = caf\u{fffd}"), "{got}");
    assert!(got.contains("k\u{fffd} = \"\u{fffd}\""), "{got}");
}
