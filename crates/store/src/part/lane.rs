//! Values of one column on their way into a part.
//!
//! A *lane* is one column of one source (a batch, or a row group of a part), one value per row:
//! `Dictionary<UInt32, Utf8>` for text, `Int64` for integers and all times, `Float64`, `Boolean`,
//! `FixedSizeBinary`. [`gather`] picks rows out of many lanes into one array, in the order of the
//! part. Only one column is ever laid out densely.

use crate::Error;
use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray,
    StringArray, UInt32Array,
};
use arrow_buffer::{Buffer, NullBuffer};
use event::builder::Dictionary;
use event::{Column, Data};
use std::sync::Arc;

/// A row of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub source: u32,
    pub row: u32,
}

/// One column of one source.
#[derive(Clone, Debug)]
pub(crate) struct Lane(ArrayRef);

/// What a lane holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneType {
    Text,
    Int,
    Float,
    Bool,
    Id(i32),
}

impl Lane {
    /// A column of a batch.
    pub(crate) fn of_column(column: &Column, rows: usize) -> Self {
        match &column.data {
            Data::Str(_) => match column.to_dictionary(rows) {
                Some(d) => Self(Arc::new(d)),
                None => Self(arrow_array::new_null_array(
                    &arrow_schema::DataType::Null,
                    rows,
                )),
            },
            _ => Self(column.to_array(rows)),
        }
    }

    /// An array that has a lane's layout already.
    pub(crate) fn of_array(array: ArrayRef) -> Self {
        Self(array)
    }

    pub(crate) fn array(&self) -> &ArrayRef {
        &self.0
    }

    pub(crate) fn ints(&self) -> Option<&PrimitiveArray<Int64Type>> {
        self.0.as_primitive_opt()
    }

    pub(crate) fn text(&self) -> Option<(&UInt32Array, &StringArray)> {
        let d = self.0.as_dictionary_opt::<UInt32Type>()?;
        Some((d.keys(), d.values().as_string_opt()?))
    }
}

/// The picked rows of `lanes` (one per source, `None` where the source has no such column) as one
/// array: text as a dictionary of what is picked, in order of first appearance. `None` when no
/// picked row has a value.
pub(crate) fn gather(
    ty: LaneType,
    lanes: &[Option<Lane>],
    picks: &[Pick],
) -> Result<Option<ArrayRef>, Error> {
    let array: ArrayRef = match ty {
        LaneType::Text => gather_text(lanes, picks)?,
        LaneType::Int => gather_primitive::<Int64Type>(lanes, picks)?,
        LaneType::Float => gather_primitive::<Float64Type>(lanes, picks)?,
        LaneType::Bool => gather_bool(lanes, picks)?,
        LaneType::Id(bytes) => gather_id(lanes, picks, bytes)?,
    };
    Ok((array.null_count() < array.len()).then_some(array))
}

fn wrong_type() -> Error {
    Error::Damaged("a column has another type than its name says".into())
}

/// Lanes by source, as the arrays they must be.
fn typed<'a, A: ?Sized + 'a>(
    lanes: &'a [Option<Lane>],
    cast: impl Fn(&'a ArrayRef) -> Option<&'a A>,
) -> Result<Vec<Option<&'a A>>, Error> {
    lanes
        .iter()
        .map(|lane| match lane {
            None => Ok(None),
            Some(lane) => cast(&lane.0).map(Some).ok_or_else(wrong_type),
        })
        .collect()
}

fn gather_text(lanes: &[Option<Lane>], picks: &[Pick]) -> Result<ArrayRef, Error> {
    const UNSEEN: u32 = u32::MAX;
    let mut sources = Vec::with_capacity(lanes.len());
    for lane in lanes {
        sources.push(match lane {
            None => None,
            Some(lane) => {
                let (keys, values) = lane.text().ok_or_else(wrong_type)?;
                Some((keys, values, vec![UNSEEN; values.len()]))
            }
        });
    }
    let mut dict = Dictionary::default();
    let mut keys = Vec::with_capacity(picks.len());
    let mut valid = BooleanBufferBuilder::new(picks.len());
    for pick in picks {
        match &mut sources[pick.source as usize] {
            Some((codes, values, map)) if codes.is_valid(pick.row as usize) => {
                let local = codes.value(pick.row as usize) as usize;
                if map[local] == UNSEEN {
                    map[local] = dict.intern(values.value(local));
                }
                keys.push(map[local]);
                valid.append(true);
            }
            _ => {
                keys.push(0);
                valid.append(false);
            }
        }
    }
    let keys = UInt32Array::new(keys.into(), Some(NullBuffer::new(valid.finish())));
    if keys.null_count() == keys.len() {
        return Ok(Arc::new(keys));
    }
    Ok(Arc::new(DictionaryArray::try_new(
        keys,
        Arc::new(dict.finish()),
    )?))
}

fn gather_primitive<T: arrow_array::ArrowPrimitiveType>(
    lanes: &[Option<Lane>],
    picks: &[Pick],
) -> Result<ArrayRef, Error> {
    let sources = typed(lanes, |a| a.as_primitive_opt::<T>())?;
    let mut values = Vec::with_capacity(picks.len());
    let mut valid = BooleanBufferBuilder::new(picks.len());
    for pick in picks {
        match sources[pick.source as usize] {
            Some(a) if a.is_valid(pick.row as usize) => {
                values.push(a.value(pick.row as usize));
                valid.append(true);
            }
            _ => {
                values.push(T::Native::default());
                valid.append(false);
            }
        }
    }
    let nulls = NullBuffer::new(valid.finish());
    Ok(Arc::new(PrimitiveArray::<T>::new(
        values.into(),
        Some(nulls),
    )))
}

fn gather_bool(lanes: &[Option<Lane>], picks: &[Pick]) -> Result<ArrayRef, Error> {
    let sources = typed(lanes, |a| a.as_boolean_opt())?;
    let mut values = BooleanBufferBuilder::new(picks.len());
    let mut valid = BooleanBufferBuilder::new(picks.len());
    for pick in picks {
        let value = sources[pick.source as usize]
            .filter(|a| a.is_valid(pick.row as usize))
            .map(|a| a.value(pick.row as usize));
        values.append(value.unwrap_or(false));
        valid.append(value.is_some());
    }
    let nulls = NullBuffer::new(valid.finish());
    Ok(Arc::new(BooleanArray::new(values.finish(), Some(nulls))))
}

#[expect(clippy::cast_sign_loss, reason = "8 or 16")]
fn gather_id(lanes: &[Option<Lane>], picks: &[Pick], bytes: i32) -> Result<ArrayRef, Error> {
    let sources = typed(lanes, |a| a.as_fixed_size_binary_opt())?;
    if sources.iter().flatten().any(|a| a.value_length() != bytes) {
        return Err(wrong_type());
    }
    let width = bytes as usize;
    let mut values = vec![0u8; picks.len() * width];
    let mut valid = BooleanBufferBuilder::new(picks.len());
    for (out, pick) in values.chunks_exact_mut(width).zip(picks) {
        match sources[pick.source as usize] {
            Some(a) if a.is_valid(pick.row as usize) => {
                out.copy_from_slice(a.value(pick.row as usize));
                valid.append(true);
            }
            _ => valid.append(false),
        }
    }
    let nulls = NullBuffer::new(valid.finish());
    Ok(Arc::new(FixedSizeBinaryArray::new(
        bytes,
        Buffer::from_vec(values),
        Some(nulls),
    )))
}
