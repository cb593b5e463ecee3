//! The bytes of a batch: the payload of a WAL record. Grammar: `docs/formats/wal.md`.
//!
//! Columns lie one after another: keys once, presence as bits, raw little-endian numbers, text as
//! codes into the column's own dictionary. From 4 KiB on the whole is one lz4 block. Reading
//! checks every length and code, and allocates nothing that the bytes given do not pay for.

use crate::batch::{Attr, EventBatch};
use crate::column::{Codes, Column, Data, Presence, StrData};
use crate::field::Fixed;
use crate::id::TableKind;
use crate::value::Type;
use arrow_array::{Array, StringArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

/// Version of the payload's layout; the record header carries it.
pub const VERSION: u8 = 1;
/// Payloads from this size on are compressed.
const COMPRESS_FROM_BYTES: usize = 4 << 10;
/// A batch inflates to at most this: far above what any body can become.
const INFLATED_BYTES_LIMIT: usize = 1 << 30;

/// The bytes are no batch: damage, or not ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a batch: {0}")]
pub struct Malformed(&'static str);

type Result<T> = std::result::Result<T, Malformed>;

impl EventBatch {
    /// The batch as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.rows * 128 + 256);
        raw.push(self.kind as u8);
        put_u32(&mut raw, self.rows);
        let present = Fixed::ALL
            .into_iter()
            .filter(|f| self.fixed(*f).is_some())
            .count();
        put_u32(&mut raw, present);
        for f in Fixed::ALL {
            if let Some(c) = self.fixed(f) {
                raw.push(f as u8);
                put_column(&mut raw, c);
            }
        }
        put_u32(&mut raw, self.attrs.len());
        for a in &self.attrs {
            put_u32(&mut raw, a.key.len());
            raw.extend_from_slice(a.key.as_bytes());
            put_column(&mut raw, &a.column);
        }
        let mut out = Vec::new();
        if raw.len() < COMPRESS_FROM_BYTES {
            out.push(0);
            out.extend_from_slice(&raw);
        } else {
            out.push(1);
            put_u32(&mut out, raw.len());
            out.extend_from_slice(&lz4_flex::block::compress(&raw));
        }
        out
    }

    /// Reads a batch back. Never panics, whatever the bytes.
    ///
    /// # Errors
    /// [`Malformed`] names what does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let inflated;
        let raw = match bytes.split_first() {
            Some((0, raw)) => raw,
            Some((1, rest)) => {
                let mut r = Reader(rest);
                let len = r.len()?;
                // lz4 cannot expand more than 255 times: a longer claim is a lie, seen before allocating.
                if len > INFLATED_BYTES_LIMIT || len / 255 > r.0.len() {
                    return Err(Malformed("inflated length"));
                }
                inflated =
                    lz4_flex::block::decompress(r.0, len).map_err(|_| Malformed("lz4 block"))?;
                inflated.as_slice()
            }
            _ => return Err(Malformed("compression flag")),
        };
        let mut r = Reader(raw);
        let kind = TableKind::from_u8(r.u8()?).ok_or(Malformed("table kind"))?;
        let rows = r.len()?;
        let mut fixed = [const { None }; Fixed::ALL.len()];
        for _ in 0..r.len()? {
            let f = usize::from(r.u8()?);
            let column = r.column(rows)?;
            let want = Fixed::ALL.get(f).ok_or(Malformed("fixed column"))?;
            if !fixed_layout_holds(*want, &column.data) {
                return Err(Malformed("type of a fixed column"));
            }
            fixed[f] = Some(column);
        }
        for f in [Fixed::Ts, Fixed::Dataset] {
            let whole = fixed[f as usize]
                .as_ref()
                .is_some_and(|c| c.presence == Presence::All);
            if rows > 0 && !whole {
                return Err(Malformed("a row without time or dataset"));
            }
        }
        let mut attrs: Vec<Attr> = Vec::new();
        for _ in 0..r.len()? {
            let len = r.len()?;
            let key = std::str::from_utf8(r.take(len)?).map_err(|_| Malformed("key text"))?;
            let column = r.column(rows)?;
            let attr = Attr {
                key: key.into(),
                column,
            };
            let ty = attr
                .column
                .data
                .ty()
                .ok_or(Malformed("type of an attribute"))?;
            if attrs
                .last()
                .is_some_and(|last| (&*last.key, last.ty()) >= (key, ty))
            {
                return Err(Malformed("order of attributes"));
            }
            attrs.push(attr);
        }
        if !r.0.is_empty() {
            return Err(Malformed("bytes after the end"));
        }
        Ok(Self {
            kind,
            rows,
            fixed,
            attrs,
        })
    }
}

fn fixed_layout_holds(f: Fixed, data: &Data) -> bool {
    match f {
        Fixed::Ts | Fixed::IngestTs | Fixed::DurationNs | Fixed::SampleRate => {
            matches!(data, Data::Int(_))
        }
        Fixed::EventId | Fixed::TraceId => matches!(data, Data::Id16(_)),
        Fixed::SpanId | Fixed::ParentId => matches!(data, Data::Id8(_)),
        Fixed::Dataset
        | Fixed::Service
        | Fixed::Name
        | Fixed::Kind
        | Fixed::Status
        | Fixed::Body
        | Fixed::Raw => {
            matches!(data, Data::Str(_))
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bodies and batches are bounded far below 4 GiB"
)]
fn put_u32(out: &mut Vec<u8>, n: usize) {
    debug_assert!(u32::try_from(n).is_ok(), "batch parts stay below 4 GiB");
    out.extend_from_slice(&(n as u32).to_le_bytes());
}

const ID16: u8 = 4;
const ID8: u8 = 5;

fn put_column(out: &mut Vec<u8>, c: &Column) {
    match &c.presence {
        Presence::All => out.push(0),
        Presence::Bits(bits) => {
            out.push(1);
            bits.iter()
                .for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
        }
        Presence::Rows(rows) => {
            out.push(2);
            put_u32(out, rows.len());
            rows.iter()
                .for_each(|r| out.extend_from_slice(&r.to_le_bytes()));
        }
    }
    match &c.data {
        Data::Str(s) => {
            out.push(Type::Str as u8);
            put_u32(out, s.dict.len());
            let offsets = s.dict.value_offsets();
            let base = offsets.first().copied().unwrap_or(0);
            offsets
                .iter()
                .skip(1)
                .for_each(|o| out.extend_from_slice(&(o - base).to_le_bytes()));
            let end = offsets.last().copied().unwrap_or(0);
            out.extend_from_slice(&s.dict.value_data()[base.max(0) as usize..end.max(0) as usize]);
            match &s.codes {
                Codes::Identity => out.push(0),
                Codes::U8(c) => {
                    out.push(1);
                    out.extend_from_slice(c);
                }
                Codes::U16(c) => {
                    out.push(2);
                    c.iter()
                        .for_each(|c| out.extend_from_slice(&c.to_le_bytes()));
                }
                Codes::U32(c) => {
                    out.push(4);
                    c.iter()
                        .for_each(|c| out.extend_from_slice(&c.to_le_bytes()));
                }
            }
        }
        Data::Int(v) => {
            out.push(Type::Int as u8);
            v.iter()
                .for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
        }
        Data::Float(v) => {
            out.push(Type::Float as u8);
            v.iter()
                .for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
        }
        Data::Bool(v) => {
            out.push(Type::Bool as u8);
            v.iter().for_each(|x| out.push(u8::from(*x)));
        }
        Data::Id16(v) => {
            out.push(ID16);
            v.iter().for_each(|x| out.extend_from_slice(x));
        }
        Data::Id8(v) => {
            out.push(ID8);
            v.iter().for_each(|x| out.extend_from_slice(x));
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, tail) = self
            .0
            .split_at_checked(n)
            .ok_or(Malformed("shorter than it says"))?;
        self.0 = tail;
        Ok(head)
    }

    /// `n` values of `N` bytes each.
    fn array<const N: usize>(
        &mut self,
        n: usize,
    ) -> Result<impl Iterator<Item = [u8; N]> + use<'a, N>> {
        let bytes = self.take(n.checked_mul(N).ok_or(Malformed("length"))?)?;
        let (chunks, _) = bytes.as_chunks::<N>();
        Ok(chunks.iter().copied())
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn len(&mut self) -> Result<usize> {
        let n = self.array::<4>(1)?.next().map_or(0, u32::from_le_bytes);
        Ok(n as usize)
    }

    fn column(&mut self, rows: usize) -> Result<Column> {
        let presence = match self.u8()? {
            0 => Presence::All,
            1 => {
                let bits: Vec<u64> = self
                    .array::<8>(rows.div_ceil(64))?
                    .map(u64::from_le_bytes)
                    .collect();
                if !rows.is_multiple_of(64) && bits.last().is_some_and(|w| w >> (rows % 64) != 0) {
                    return Err(Malformed("presence beyond the rows"));
                }
                Presence::Bits(bits)
            }
            2 => {
                let n = self.len()?;
                let filled: Vec<u32> = self.array::<4>(n)?.map(u32::from_le_bytes).collect();
                let rising = filled.is_sorted_by(|a, b| a < b);
                if !rising || filled.last().is_some_and(|r| *r as usize >= rows) {
                    return Err(Malformed("presence by rows"));
                }
                Presence::Rows(filled)
            }
            _ => return Err(Malformed("presence form")),
        };
        let n = presence.count(rows);
        let data = match self.u8()? {
            0 => Data::Str(self.text(n)?),
            1 => Data::Int(self.array::<8>(n)?.map(i64::from_le_bytes).collect()),
            2 => Data::Float(self.array::<8>(n)?.map(f64::from_le_bytes).collect()),
            3 => Data::Bool(self.take(n)?.iter().map(|b| *b != 0).collect()),
            ID16 => Data::Id16(self.array::<16>(n)?.collect()),
            ID8 => Data::Id8(self.array::<8>(n)?.collect()),
            _ => return Err(Malformed("type of a column")),
        };
        Ok(Column { presence, data })
    }

    fn text(&mut self, n: usize) -> Result<StrData> {
        let entries = self.len()?;
        let mut offsets = vec![0i32];
        offsets.extend(self.array::<4>(entries)?.map(i32::from_le_bytes));
        if !offsets.is_sorted() {
            return Err(Malformed("dictionary offsets"));
        }
        let bytes = self
            .take(usize::try_from(offsets[entries]).map_err(|_| Malformed("dictionary length"))?)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let dict = StringArray::try_new(offsets, bytes.to_vec().into(), None)
            .map_err(|_| Malformed("dictionary text"))?;
        let (codes, max) = match self.u8()? {
            0 if n == entries => (Codes::Identity, None),
            1 => {
                let c = self.take(n)?.to_vec();
                let max = c.iter().max().map(|c| usize::from(*c));
                (Codes::U8(c), max)
            }
            2 => {
                let c: Vec<u16> = self.array::<2>(n)?.map(u16::from_le_bytes).collect();
                let max = c.iter().max().map(|c| usize::from(*c));
                (Codes::U16(c), max)
            }
            4 => {
                let c: Vec<u32> = self.array::<4>(n)?.map(u32::from_le_bytes).collect();
                let max = c.iter().max().map(|c| *c as usize);
                (Codes::U32(c), max)
            }
            _ => return Err(Malformed("form of the codes")),
        };
        if max.is_some_and(|max| max >= entries) {
            return Err(Malformed("a code outside its dictionary"));
        }
        Ok(StrData { dict, codes })
    }
}

/// For readers that share a key between batches.
impl Attr {
    /// An attribute column from its parts.
    #[must_use]
    pub fn new(key: Arc<str>, column: Column) -> Self {
        Self { key, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchBuilder, RowPolicy, SpanId, TraceId, ValueRef};
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum V {
        S(String),
        I(i64),
        F(f64),
        B(bool),
    }

    fn value() -> impl Strategy<Value = V> {
        prop_oneof![
            ".{0,12}".prop_map(V::S),
            any::<i64>().prop_map(V::I),
            any::<f64>().prop_map(V::F),
            any::<bool>().prop_map(V::B),
        ]
    }

    fn batch() -> impl Strategy<Value = EventBatch> {
        let row = (
            proptest::collection::vec(
                ("[a-e]{1,2}|name|duration_ms|trace.span_id", value()),
                0..12,
            ),
            any::<u64>(),
        );
        proptest::collection::vec(row, 0..90).prop_map(|rows| {
            let mut b = BatchBuilder::new(TableKind::Logs, RowPolicy::unlimited(1_000_000));
            for (i, (fields, id)) in rows.iter().enumerate() {
                assert!(b.begin_row(i as i64 + 1));
                b.set_dataset(if i % 7 == 0 { "a" } else { "b" });
                if id % 3 == 0 {
                    b.set_trace_id(TraceId([id.to_be_bytes()[7]; 16]));
                    b.set_span_id(SpanId(id.to_be_bytes()));
                }
                if id % 5 == 0 {
                    b.set_sample_rate((id % 100) as i64);
                }
                for (k, v) in fields {
                    b.put_named(
                        k,
                        match v {
                            V::S(s) => ValueRef::Str(s),
                            V::I(i) => ValueRef::Int(*i),
                            V::F(f) => ValueRef::Float(*f),
                            V::B(b) => ValueRef::Bool(*b),
                        },
                    );
                }
                b.end_row();
            }
            b.finish()
        })
    }

    proptest! {
        #[test]
        fn a_batch_reads_back_as_it_was(batch in batch()) {
            prop_assert_eq!(EventBatch::decode(&batch.encode()).unwrap(), batch);
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_as_some_batch_but_never_panic(batch in batch(), at in any::<usize>(), bit in 0u8..8, cut in any::<usize>()) {
            let mut bytes = batch.encode();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(read) = EventBatch::decode(&bytes) {
                for r in 0..read.rows() {
                    read.for_each_attr(r, |_, v| { std::hint::black_box(v); });
                }
            }
            bytes.truncate(cut % bytes.len());
            prop_assert!(EventBatch::decode(&bytes).is_err() || bytes.len() == batch.encode().len());
        }
    }
}
