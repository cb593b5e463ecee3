//! Tests over columns of values.

use super::{Among, Condition, Number, Order, Test};
use crate::fields::View;
use crate::values::{self, parse_number, presence, test_text, type_of};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use event::{Type, ValueRef};
use hashbrown::HashSet;
use std::cmp::Ordering;

/// One source of a field in a batch: its raw array, and the view when it is a fixed column.
pub(crate) struct Sibling {
    pub(crate) array: ArrayRef,
    pub(crate) view: Option<View>,
}

/// Which rows pass `test`, given the field's sources in order of precedence.
pub(crate) fn passes(test: &Test, siblings: &[Sibling], rows: usize) -> BooleanBuffer {
    let mut hit = BooleanBuffer::new_unset(rows);
    // Rows whose value has been seen in an earlier source: later ones do not count there.
    let mut seen: Option<BooleanBuffer> = None;
    for (i, sibling) in siblings.iter().enumerate() {
        let mut one = test_sibling(&test.condition, sibling);
        if let Some(seen) = &seen {
            one = &one & &!seen;
        }
        hit = &hit | &one;
        if i + 1 < siblings.len() {
            let here = match presence(sibling.array.as_ref()) {
                None => BooleanBuffer::new_set(rows),
                Some(n) => n.inner().clone(),
            };
            seen = Some(seen.map_or_else(|| here.clone(), |s| &s | &here));
        }
    }
    if test.negated { !&hit } else { hit }
}

fn test_sibling(condition: &Condition, sibling: &Sibling) -> BooleanBuffer {
    if let (Condition::Among(among), Some(view)) = (condition, sibling.view) {
        match view {
            View::TraceId => return test_id(&sibling.array, &among.trace_ids),
            View::SpanId => return test_id(&sibling.array, &among.span_ids),
            _ => {}
        }
    }
    let array = match sibling.view {
        Some(view) if !matches!(condition, Condition::Exists) || view == View::Error => {
            values::render(view, &sibling.array)
        }
        _ => sibling.array.clone(),
    };
    test_array(condition, &array)
}

/// Ids up to which comparing with each is faster than hashing.
const FEW_IDS: usize = 8;

/// Which ids are among `ids`.
fn test_id<const N: usize>(array: &ArrayRef, ids: &[[u8; N]]) -> BooleanBuffer {
    let Some(a) = array.as_fixed_size_binary_opt() else {
        return BooleanBuffer::new_unset(array.len());
    };
    if ids.len() <= FEW_IDS {
        return BooleanBuffer::collect_bool(a.len(), |i| {
            a.is_valid(i) && ids.iter().any(|id| a.value(i) == id)
        });
    }
    let ids: HashSet<&[u8], ahash::RandomState> = ids.iter().map(|id| &id[..]).collect();
    BooleanBuffer::collect_bool(a.len(), |i| a.is_valid(i) && ids.contains(a.value(i)))
}

fn test_array(condition: &Condition, array: &ArrayRef) -> BooleanBuffer {
    match condition {
        Condition::Exists => match presence(array.as_ref()) {
            None => BooleanBuffer::new_set(array.len()),
            Some(n) => n.inner().clone(),
        },
        Condition::Among(among) => test_among(among, array),
        Condition::Number(order, n) => test_number(*order, *n, array),
        Condition::Text(order, text) => canonical(array, |t| {
            order.holds(Some(t.as_bytes().cmp(text.as_bytes())))
        }),
        Condition::StartsWith(text) => canonical(array, |t| t.starts_with(text.as_str())),
        Condition::EndsWith(text) => canonical(array, |t| t.ends_with(text.as_str())),
        Condition::Contains(text) => canonical(array, |t| t.contains(text.as_str())),
    }
}

/// Tests the canonical text of each value.
fn canonical(array: &ArrayRef, f: impl Fn(&str) -> bool) -> BooleanBuffer {
    if type_of(array) == Type::Str {
        return test_text(array.as_ref(), f);
    }
    let mut buf = String::new();
    let mut out = arrow_buffer::BooleanBufferBuilder::new(array.len());
    for i in 0..array.len() {
        use std::fmt::Write as _;
        buf.clear();
        out.append(
            values::scalar_at(array, i)
                .is_some_and(|v: ValueRef<'_>| write!(buf, "{v}").is_ok() && f(&buf)),
        );
    }
    out.finish()
}

fn test_among(among: &Among, array: &ArrayRef) -> BooleanBuffer {
    match type_of(array) {
        Type::Str => match among.texts.iter().next() {
            Some(only) if among.texts.len() == 1 => test_text(array.as_ref(), |t| t == only),
            _ => test_text(array.as_ref(), |t| among.texts.contains(t)),
        },
        Type::Int => {
            let a = array.as_primitive::<Int64Type>();
            match among.ints.iter().next() {
                Some(only) if among.ints.len() == 1 => mask(a, |v| v == *only),
                _ => mask(a, |v| among.ints.contains(&v)),
            }
        }
        Type::Float => mask(array.as_primitive::<Float64Type>(), |v| {
            among.floats.contains(&v)
        }),
        Type::Bool => {
            let a = array.as_boolean();
            BooleanBuffer::collect_bool(a.len(), |i| {
                a.is_valid(i) && among.bools[usize::from(a.value(i))]
            })
        }
    }
}

fn mask<T: arrow_array::ArrowPrimitiveType>(
    array: &arrow_array::PrimitiveArray<T>,
    f: impl Fn(T::Native) -> bool,
) -> BooleanBuffer {
    let values = array.values();
    let hits = BooleanBuffer::collect_bool(values.len(), |i| f(values[i]));
    match array.nulls() {
        None => hits,
        Some(n) => &hits & n.inner(),
    }
}

fn test_number(order: Order, n: Number, array: &ArrayRef) -> BooleanBuffer {
    match type_of(array) {
        Type::Int => {
            let a = array.as_primitive::<Int64Type>();
            match n {
                Number::Int(n) => mask(a, |v| order.holds(Some(v.cmp(&n)))),
                Number::Float(x) => mask(a, |v| order.holds(compare_int_float(v, x))),
            }
        }
        Type::Float => {
            let x = n.as_f64();
            mask(array.as_primitive::<Float64Type>(), |v| {
                order.holds(v.partial_cmp(&x))
            })
        }
        Type::Bool => {
            let (x, a) = (n.as_f64(), array.as_boolean());
            BooleanBuffer::collect_bool(a.len(), |i| {
                a.is_valid(i) && order.holds(f64::from(u8::from(a.value(i))).partial_cmp(&x))
            })
        }
        Type::Str => {
            let x = n.as_f64();
            test_text(array.as_ref(), |t| {
                parse_number(t).is_some_and(|v| order.holds(v.partial_cmp(&x)))
            })
        }
    }
}

/// Compares without rounding the integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the double is within 64 bits where it is truncated"
)]
fn compare_int_float(v: i64, x: f64) -> Option<Ordering> {
    if x >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if x < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let whole = x.trunc();
    Some(
        v.cmp(&(whole as i64))
            .then_with(|| whole.partial_cmp(&x).unwrap_or(Ordering::Equal)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Predicate;
    use super::*;
    use crate::spec::{Combination, Filter, FilterOp};
    use arrow_array::{BooleanArray, Float64Array, Int64Array, StringViewArray};
    use serde_json::json;
    use std::sync::Arc;

    /// Rows: 200 (int), 200.5 (float), "200" (text), true (bool), "abc" (text), missing.
    fn mixed() -> Vec<Sibling> {
        let arrays: [ArrayRef; 4] = [
            Arc::new(StringViewArray::from(vec![
                None,
                None,
                Some("200"),
                None,
                Some("abc"),
                None,
            ])),
            Arc::new(Int64Array::from(vec![
                Some(200),
                None,
                None,
                None,
                None,
                None,
            ])),
            Arc::new(Float64Array::from(vec![
                None,
                Some(200.5),
                None,
                None,
                None,
                None,
            ])),
            Arc::new(BooleanArray::from(vec![
                None,
                None,
                None,
                Some(true),
                None,
                None,
            ])),
        ];
        arrays
            .into_iter()
            .map(|array| Sibling { array, view: None })
            .collect()
    }

    fn check(op: FilterOp, value: serde_json::Value, want: &str) {
        let filter = Filter {
            column: "f".into(),
            op,
            value: (!value.is_null()).then_some(value),
        };
        let p = Predicate::of_filters(std::slice::from_ref(&filter), Combination::And).unwrap();
        let Predicate::All(list) = p else { panic!() };
        let Predicate::Test(test) = &list[0] else {
            panic!()
        };
        let got: String = passes(test, &mixed(), 6)
            .iter()
            .map(|b| if b { 'x' } else { '.' })
            .collect();
        assert_eq!(got, want, "{filter:?}");
    }

    #[test]
    fn each_operator_over_a_field_of_every_type() {
        use FilterOp as Op;
        check(Op::Eq, json!(200), "x.x...");
        check(Op::Eq, json!("200"), "x.x...");
        check(Op::Ne, json!(200), ".x.xxx");
        check(Op::Eq, json!(200.5), ".x....");
        check(Op::Eq, json!(true), "...x..");
        check(Op::Eq, json!("true"), "...x..");
        check(Op::Gt, json!(200), ".x....");
        check(Op::Ge, json!(200), "xxx...");
        check(Op::Lt, json!(200), "...x..");
        check(Op::Le, json!(200.2), "x.xx..");
        check(Op::Gt, json!("abb"), "...xx.");
        check(Op::StartsWith, json!("20"), "xxx...");
        check(Op::DoesNotStartWith, json!("20"), "...xxx");
        check(Op::EndsWith, json!("0"), "x.x...");
        check(Op::DoesNotEndWith, json!("0"), ".x.xxx");
        check(Op::Contains, json!("00."), ".x....");
        check(Op::DoesNotContain, json!("b"), "xxxx.x");
        check(Op::Exists, json!(null), "xxxxx.");
        check(Op::DoesNotExist, json!(null), ".....x");
        check(Op::In, json!([200.5, "abc"]), ".x..x.");
        check(Op::NotIn, json!([200.5, "abc"]), "x.xx.x");
    }

    #[test]
    fn large_integers_are_not_rounded() {
        let big = (1i64 << 53) + 1;
        assert_eq!(
            compare_int_float(big, 9_007_199_254_740_992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(compare_int_float(-3, -3.5), Some(Ordering::Greater));
        assert_eq!(
            compare_int_float(i64::MAX, f64::INFINITY),
            Some(Ordering::Less)
        );
    }

    #[test]
    fn an_attribute_hides_the_fixed_column_of_its_name() {
        let siblings = vec![
            Sibling {
                array: Arc::new(StringViewArray::from(vec![Some("slow"), None])),
                view: None,
            },
            Sibling {
                array: Arc::new(Int64Array::from(vec![2_000_000, 2_000_000])),
                view: Some(View::Millis),
            },
        ];
        let test = Test {
            field: "duration_ms".into(),
            negated: false,
            condition: Condition::Number(Order::Gt, Number::Int(1)),
        };
        let got: Vec<bool> = passes(&test, &siblings, 2).iter().collect();
        assert_eq!(got, [false, true]);
    }
}
