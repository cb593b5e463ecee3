//! Values of a column, whatever its physical form: as they show, as text, as numbers.

use crate::fields::View;
use arrow_array::builder::{Float64Builder, Int64Builder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, StringViewArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use event::{SpanId, TraceId, Type, ValueRef};
use std::sync::Arc;

/// The logical type of an array in any of the forms a scan yields.
pub(crate) fn type_of(array: &dyn Array) -> Type {
    match array.data_type() {
        DataType::Int64 => Type::Int,
        DataType::Float64 => Type::Float,
        DataType::Boolean => Type::Bool,
        _ => Type::Str,
    }
}

/// A number in text that looks like one; nothing else is read as a number.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    text.parse().ok().filter(|x: &f64| x.is_finite())
}

/// Calls `f` with each row's text, `None` where null. The array must hold text.
pub(crate) fn for_each_text(array: &dyn Array, mut f: impl FnMut(Option<&str>)) {
    if let Some(a) = array.as_string_view_opt() {
        a.iter().for_each(f);
    } else if let Some(a) = array.as_string_opt::<i32>() {
        a.iter().for_each(f);
    } else if let Some(d) = array.as_dictionary_opt::<UInt32Type>() {
        let values = d.values().as_ref();
        for key in d.keys() {
            f(key.and_then(|k| event::column::text_at(values, k as usize)));
        }
    } else {
        (0..array.len()).for_each(|_| f(None));
    }
}

/// Tests each text once per dictionary entry (or per row, without a dictionary). Null is false.
pub(crate) fn test_text(array: &dyn Array, f: impl Fn(&str) -> bool) -> BooleanBuffer {
    if let Some(d) = array.as_dictionary_opt::<UInt32Type>() {
        let mut hits = Vec::with_capacity(d.values().len());
        for_each_text(d.values().as_ref(), |t| hits.push(t.is_some_and(&f)));
        let keys = d.keys().values();
        return match d.nulls() {
            None => BooleanBuffer::collect_bool(d.len(), |i| hits[keys[i] as usize]),
            Some(n) => {
                BooleanBuffer::collect_bool(d.len(), |i| n.is_valid(i) && hits[keys[i] as usize])
            }
        };
    }
    let mut out = BooleanBufferBuilder::new(array.len());
    for_each_text(array, |t| out.append(t.is_some_and(&f)));
    out.finish()
}

/// The fixed column as its visible name shows it.
pub(crate) fn render(view: View, array: &ArrayRef) -> ArrayRef {
    match view {
        View::Text | View::Rate | View::Int => Arc::clone(array),
        View::Millis => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "milliseconds are a double to users"
            )]
            let millis = array
                .as_primitive::<Int64Type>()
                .unary::<_, Float64Type>(|ns| ns as f64 / 1e6);
            Arc::new(millis)
        }
        View::TraceId => ids(array, |b| b.try_into().map(|b| TraceId(b).to_string()).ok()),
        View::SpanId => ids(array, |b| b.try_into().map(|b| SpanId(b).to_string()).ok()),
        View::StatusCode => {
            let mut out = Int64Builder::with_capacity(array.len());
            for_each_text(array, |t| out.append_option(t.and_then(status_code)));
            Arc::new(out.finish())
        }
        View::Error => {
            let hits = test_text(array, |t| t == "error");
            Arc::new(BooleanArray::new(hits.clone(), Some(NullBuffer::new(hits))))
        }
        View::Time => {
            let mut out = StringViewBuilder::with_capacity(array.len());
            for v in array.as_primitive::<Int64Type>() {
                out.append_option(v.map(time_text));
            }
            Arc::new(out.finish())
        }
    }
}

pub(crate) fn status_code(status: &str) -> Option<i64> {
    match status {
        "unset" => Some(0),
        "ok" => Some(1),
        "error" => Some(2),
        _ => None,
    }
}

/// Nanoseconds since 1970 as RFC 3339, nine decimals, UTC: sorts as text.
pub(crate) fn time_text(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns))
        .map(|t| format!("{t:.9}"))
        .unwrap_or_else(|_| ns.to_string())
}

fn ids(array: &ArrayRef, f: impl Fn(&[u8]) -> Option<String>) -> ArrayRef {
    let mut out = StringViewBuilder::with_capacity(array.len());
    if let Some(a) = array.as_fixed_size_binary_opt() {
        for v in a {
            out.append_option(v.and_then(&f));
        }
        return Arc::new(out.finish());
    }
    arrow_array::new_null_array(&DataType::Utf8View, array.len())
}

/// The canonical text of every value; text arrays stay as they are.
pub(crate) fn to_text(array: &ArrayRef) -> ArrayRef {
    if type_of(array) == Type::Str {
        return Arc::clone(array);
    }
    let mut out = StringViewBuilder::with_capacity(array.len());
    for i in 0..array.len() {
        match scalar_at(array, i) {
            None => out.append_null(),
            Some(v) => out.append_value(v.to_string()),
        }
    }
    Arc::new(out.finish())
}

/// The value of row `i` of any array a scan yields.
pub(crate) fn scalar_at(array: &dyn Array, i: usize) -> Option<ValueRef<'_>> {
    if array.is_null(i) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int64 => ValueRef::Int(array.as_primitive::<Int64Type>().value(i)),
        DataType::Float64 => ValueRef::Float(array.as_primitive::<Float64Type>().value(i)),
        DataType::Boolean => ValueRef::Bool(array.as_boolean().value(i)),
        _ => ValueRef::Str(event::column::text_at(array, i)?),
    })
}

/// Every value as a double: text that looks numeric is parsed, truth is 0 or 1, the rest is null.
#[expect(
    clippy::cast_precision_loss,
    reason = "numeric context of mixed types is a double"
)]
pub(crate) fn to_float(array: &ArrayRef) -> Float64Array {
    match type_of(array) {
        Type::Float => array.as_primitive::<Float64Type>().clone(),
        Type::Int => array.as_primitive::<Int64Type>().unary(|v| v as f64),
        Type::Bool => array
            .as_boolean()
            .iter()
            .map(|b| b.map(|b| f64::from(u8::from(b))))
            .collect(),
        Type::Str => {
            let mut out = Float64Builder::with_capacity(array.len());
            if let Some(d) = array.as_dictionary_opt::<UInt32Type>() {
                let mut parsed = Vec::with_capacity(d.values().len());
                for_each_text(d.values().as_ref(), |t| {
                    parsed.push(t.and_then(parse_number))
                });
                for key in d.keys() {
                    out.append_option(key.and_then(|k| parsed[k as usize]));
                }
            } else {
                for_each_text(array.as_ref(), |t| {
                    out.append_option(t.and_then(parse_number))
                });
            }
            out.finish()
        }
    }
}

/// Which rows have a value; `None`: all.
pub(crate) fn presence(array: &dyn Array) -> Option<NullBuffer> {
    array.logical_nulls().filter(|n| n.null_count() > 0)
}

/// For each row the first array that has a value there, as text.
pub(crate) fn coalesce_text(arrays: &[ArrayRef], rows: usize) -> ArrayRef {
    let texts: Vec<ArrayRef> = arrays.iter().map(to_text).collect();
    let mut out = StringViewBuilder::with_capacity(rows);
    for i in 0..rows {
        let text = texts
            .iter()
            .find_map(|a| event::column::text_at(a.as_ref(), i));
        out.append_option(text);
    }
    Arc::new(out.finish())
}

/// For each row the first array that has a value there, as a double. A value that is no number
/// hides those after it.
pub(crate) fn coalesce_float(arrays: &[ArrayRef], rows: usize) -> Float64Array {
    let floats: Vec<Float64Array> = arrays.iter().map(to_float).collect();
    let mut out = Float64Builder::with_capacity(rows);
    for i in 0..rows {
        let hit = arrays.iter().position(|a| a.is_valid(i));
        out.append_option(hit.and_then(|k| floats[k].is_valid(i).then(|| floats[k].value(i))));
    }
    out.finish()
}

/// An empty text column.
pub(crate) fn null_text(rows: usize) -> ArrayRef {
    Arc::new(StringViewArray::new_null(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_only_when_it_looks_like_one() {
        for (text, want) in [
            ("17", Some(17.0)),
            ("-1.5e3", Some(-1500.0)),
            (".5", Some(0.5)),
            ("", None),
            ("nan", None),
            ("inf", None),
            ("1e999", None),
            ("12 ms", None),
            (" 1", None),
        ] {
            assert_eq!(parse_number(text), want, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_number_hides_the_fixed_column_behind_it() {
        let attr: ArrayRef = Arc::new(StringViewArray::from(vec![Some("slow"), None]));
        let fixed: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0)]));
        let got = coalesce_float(&[attr, fixed], 2);
        assert_eq!(got, Float64Array::from(vec![None, Some(2.0)]));
    }

    #[test]
    fn times_show_with_nine_decimals() {
        assert_eq!(time_text(1_500_000_000), "1970-01-01T00:00:01.500000000Z");
    }
}
