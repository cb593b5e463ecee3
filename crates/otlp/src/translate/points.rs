//! Metric data points as read off the wire: their time, attributes and the columns they fill.

use super::attributes::Attr;
use super::percentiles::{Cumulated, QUANTILES, suffix};
use super::{Translation, Untranslatable, nanos};
use crate::wire::{Malformed, Message};
use event::{BatchBuilder, FieldSlot, ValueRef};

/// Bit of a point's flags: the sender says that it has no value.
const NO_RECORDED_VALUE: u64 = 1;

/// The kinds of points, by the field of `Metric` they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PointKind {
    /// Gauge and sum.
    Number,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl PointKind {
    pub(super) fn of_field(number: u32) -> Option<Self> {
        Some(match number {
            5 | 7 => Self::Number,
            9 => Self::Histogram,
            10 => Self::ExponentialHistogram,
            11 => Self::Summary,
            _ => return None,
        })
    }

    /// The numbers of the fields that all kinds have: attributes, flags.
    fn common_fields(self) -> (u32, u32) {
        match self {
            Self::Number => (7, 8),
            Self::Histogram => (9, 10),
            Self::ExponentialHistogram => (1, 10),
            Self::Summary => (7, 8),
        }
    }
}

/// A number in a metric's column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn as_ref(self) -> ValueRef<'static> {
        match self {
            Self::Int(i) => ValueRef::Int(i),
            Self::Float(f) => ValueRef::Float(f),
        }
    }
}

/// The columns of one metric.
pub(super) struct MetricColumns {
    name: String,
    value: FieldSlot,
    count: Option<FieldSlot>,
    sum: FieldSlot,
    average: FieldSlot,
    min: FieldSlot,
    max: FieldSlot,
    quantiles: [FieldSlot; QUANTILES.len()],
}

impl MetricColumns {
    /// The columns of the metric `name`; those of a distribution only where it is one.
    pub(super) fn new(b: &mut BatchBuilder, name: &str, kind: PointKind) -> Self {
        let value = b.field(name);
        if kind == PointKind::Number {
            return Self {
                name: String::new(),
                value,
                count: None,
                sum: value,
                average: value,
                min: value,
                max: value,
                quantiles: [value; QUANTILES.len()],
            };
        }
        let mut f = |suffix: &str| b.field(&format!("{name}{suffix}"));
        Self {
            name: name.to_owned(),
            value,
            count: Some(f(".count")),
            sum: f(".sum"),
            average: f(".avg"),
            min: f(".min"),
            max: f(".max"),
            quantiles: QUANTILES.map(|(suffix, _)| f(suffix)),
        }
    }
}

/// What one data point says.
#[derive(Default)]
pub(super) struct Point<'a> {
    /// Nanoseconds; 0 when the sender gave none.
    pub(super) time: i64,
    pub(super) attributes: Vec<Attr<'a>>,
    /// Columns and values; empty when the point has no value.
    pub(super) values: Vec<(FieldSlot, Number)>,
}

/// The distribution fields, kept until the whole point is read: their order is the sender's.
#[derive(Default)]
struct Distribution {
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    counts: Vec<u64>,
    bounds: Vec<f64>,
    quantiles: Vec<(f64, f64)>,
    scale: i32,
    zero_count: u64,
    zero_threshold: f64,
    positive: Buckets,
    negative: Buckets,
}

#[derive(Default)]
struct Buckets {
    offset: i32,
    counts: Vec<u64>,
}

impl<'a> Point<'a> {
    /// Reads a point of `kind`.
    pub(super) fn read(
        t: &mut Translation<'a, '_, '_>,
        columns: &MetricColumns,
        kind: PointKind,
        bytes: &'a [u8],
    ) -> Result<Self, Untranslatable> {
        let mut point = Self::default();
        let (attributes_field, flags_field) = kind.common_fields();
        let (mut flags, mut number) = (0, None);
        let mut d = Distribution::default();
        t.attributes.begin();
        let mut m = Message::new(bytes, "DataPoint");
        while let Some((field_number, field)) = m.next_field()? {
            if field_number == attributes_field {
                t.attributes
                    .decode(&mut t.builder, field.bytes(&m)?, &mut point.attributes)?;
                continue;
            }
            if field_number == flags_field {
                flags = field.varint(&m)?;
                continue;
            }
            match (kind, field_number) {
                (_, 3) => point.time = nanos(field.fixed64(&m)?),
                (PointKind::Number, 4) => {
                    number = Some(Number::Float(f64::from_bits(field.fixed64(&m)?)));
                }
                (PointKind::Number, 6) => {
                    number = Some(Number::Int(field.fixed64(&m)?.cast_signed()));
                }
                (PointKind::Number, _) => {}
                (_, 4) => d.count = field.fixed64(&m)?,
                (_, 5) => d.sum = Some(f64::from_bits(field.fixed64(&m)?)),
                (PointKind::Summary, 6) => d.quantiles.push(read_quantile(field.bytes(&m)?)?),
                (PointKind::Histogram, 6) => m.for_each_fixed64(field, |n| d.counts.push(n))?,
                (PointKind::Histogram, 7) => {
                    m.for_each_fixed64(field, |n| d.bounds.push(f64::from_bits(n)))?;
                }
                (PointKind::ExponentialHistogram, 6) => d.scale = zigzag(field.varint(&m)?),
                (PointKind::ExponentialHistogram, 7) => d.zero_count = field.fixed64(&m)?,
                (PointKind::ExponentialHistogram, 8) => {
                    d.positive = read_buckets(t, field.bytes(&m)?)?;
                }
                (PointKind::ExponentialHistogram, 9) => {
                    d.negative = read_buckets(t, field.bytes(&m)?)?;
                }
                (PointKind::ExponentialHistogram, 14) => {
                    d.zero_threshold = f64::from_bits(field.fixed64(&m)?);
                }
                (PointKind::Histogram, 11) | (PointKind::ExponentialHistogram, 12) => {
                    d.min = Some(f64::from_bits(field.fixed64(&m)?));
                }
                (PointKind::Histogram, 12) | (PointKind::ExponentialHistogram, 13) => {
                    d.max = Some(f64::from_bits(field.fixed64(&m)?));
                }
                _ => {}
            }
        }
        t.check_item(&point.attributes)?;
        if flags & NO_RECORDED_VALUE == 0 {
            match kind {
                PointKind::Number => point.values.extend(number.map(|n| (columns.value, n))),
                _ => point.put_distribution(t, columns, kind, &d),
            }
        }
        Ok(point)
    }

    #[expect(clippy::cast_precision_loss, reason = "an average")]
    fn put_distribution(
        &mut self,
        t: &mut Translation<'a, '_, '_>,
        columns: &MetricColumns,
        kind: PointKind,
        d: &Distribution,
    ) {
        let mut put = |slot, number| self.values.push((slot, number));
        if let Some(slot) = columns.count {
            put(
                slot,
                Number::Int(i64::try_from(d.count).unwrap_or(i64::MAX)),
            );
        }
        // A summary always has a sum; histograms leave it out when observations can be negative.
        let sum = match kind {
            PointKind::Summary => Some(d.sum.unwrap_or(0.0)),
            _ => d.sum,
        };
        if let Some(sum) = sum {
            put(columns.sum, Number::Float(sum));
            if d.count > 0 {
                put(columns.average, Number::Float(sum / d.count as f64));
            }
        }
        for (slot, value) in [(columns.min, d.min), (columns.max, d.max)] {
            if let Some(value) = value {
                put(slot, Number::Float(value));
            }
        }
        if kind == PointKind::Summary {
            for (quantile, value) in &d.quantiles {
                if let Some(suffix) = suffix(*quantile) {
                    let slot = t.builder.field(&format!("{}{suffix}", columns.name));
                    put(slot, Number::Float(*value));
                }
            }
            return;
        }
        let cumulated = match kind {
            PointKind::Histogram => explicit(d),
            _ => exponential(d),
        };
        for (suffix, value) in cumulated.finish() {
            let place = QUANTILES.iter().position(|q| q.0 == suffix);
            if let Some(slot) = place.and_then(|i| columns.quantiles.get(i)) {
                put(*slot, Number::Float(value));
            }
        }
    }
}

fn explicit(d: &Distribution) -> Cumulated {
    let mut c = Cumulated::new(d.count);
    for (i, count) in d.counts.iter().enumerate() {
        c.add(*count, d.bounds.get(i).copied());
    }
    c
}

/// Buckets of an exponential histogram by rising value: bucket `i` holds what lies above
/// base^(offset + i) and not above base^(offset + i + 1), where base = 2^(2^-scale).
#[expect(clippy::cast_precision_loss, reason = "bucket indices are small")]
fn exponential(d: &Distribution) -> Cumulated {
    let mut c = Cumulated::new(d.count);
    let power = |index: i64| (index as f64 * (-f64::from(d.scale)).exp2()).exp2();
    let index = |b: &Buckets, i: usize| i64::from(b.offset) + i64::try_from(i).unwrap_or(i64::MAX);
    for (i, count) in d.negative.counts.iter().enumerate().rev() {
        if *count > 0 {
            c.add(*count, Some(-power(index(&d.negative, i))));
        }
    }
    if d.zero_count > 0 {
        c.add(d.zero_count, Some(d.zero_threshold));
    }
    for (i, count) in d.positive.counts.iter().enumerate() {
        if *count > 0 {
            let above = index(&d.positive, i).saturating_add(1);
            c.add(*count, Some(power(above)));
        }
    }
    c
}

fn read_quantile(bytes: &[u8]) -> Result<(f64, f64), Malformed> {
    let mut m = Message::new(bytes, "ValueAtQuantile");
    let (mut quantile, mut value) = (0.0, 0.0);
    while let Some((number, field)) = m.next_field()? {
        match number {
            1 => quantile = f64::from_bits(field.fixed64(&m)?),
            2 => value = f64::from_bits(field.fixed64(&m)?),
            _ => {}
        }
    }
    Ok((quantile, value))
}

fn read_buckets<'a>(
    t: &mut Translation<'a, '_, '_>,
    bytes: &'a [u8],
) -> Result<Buckets, Untranslatable> {
    // A bucket is eight bytes here and may be one on the wire.
    t.charge(bytes.len())?;
    let mut m = Message::new(bytes, "Buckets");
    let mut out = Buckets::default();
    while let Some((number, field)) = m.next_field()? {
        match number {
            1 => out.offset = zigzag(field.varint(&m)?),
            2 => m.for_each_varint(field, |n| out.counts.push(n))?,
            _ => {}
        }
    }
    Ok(out)
}

/// A protobuf `sint32`.
#[expect(clippy::cast_possible_truncation, reason = "sint32 has 32 bits")]
fn zigzag(n: u64) -> i32 {
    let n = n as u32;
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}
