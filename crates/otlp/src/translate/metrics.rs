//! Metrics as events (honeycomb.md §1.6): data points with the same resource, attributes and second
//! become one row, with a column per metric.

use super::attributes::{Attr, put_all};
use super::points::{MetricColumns, Number, Point, PointKind};
use super::{DatasetUse, Shared, Translation, Untranslatable};
use crate::wire::{self, Malformed, Message, ResourceBlock, ScopeBlock, text};
use event::{FieldSlot, ValueRef};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Built-in columns of a metric row, and what keeping it until the end costs besides.
const METRIC_COLUMNS: usize = 12;
/// The dataset of metrics sent without the dataset header.
const UNKNOWN_METRICS: &str = "unknown_metrics";
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A row in the making.
struct Row<'a> {
    /// Whole seconds, in nanoseconds; 0: the receive time.
    time: i64,
    resource: usize,
    attributes: Vec<Attr<'a>>,
    values: Vec<(FieldSlot, Number)>,
    points: u64,
}

/// The rows of one request.
#[derive(Default)]
struct Rows<'a> {
    resources: Vec<Vec<Attr<'a>>>,
    resource_keys: HashMap<Box<[u8]>, usize>,
    rows: Vec<Row<'a>>,
    row_keys: HashMap<Box<[u8]>, usize>,
}

pub(super) fn translate<'a>(
    t: &mut Translation<'a, '_, '_>,
    body: &'a [u8],
) -> Result<(), Untranslatable> {
    let mut rows = Rows::default();
    let mut shared = Shared::default();
    for block in wire::blocks(body) {
        let block = ResourceBlock::read(block?)?;
        t.read_resource(&block, &mut shared)?;
        let mut resource = None;
        for scope in block.scopes() {
            for metric in ScopeBlock::read(scope?)?.items() {
                let Some((name, kind, data)) = read_metric(metric?)? else {
                    continue;
                };
                let points = wire::Fields::new(data, "Metric.data", &[1]);
                if name.is_empty() {
                    let n = count(points)?;
                    t.refuse("a metric without a name has no column".to_owned(), n);
                    continue;
                }
                let columns = MetricColumns::new(&mut t.builder, &text(name), kind);
                for point in points {
                    let point = Point::read(t, &columns, kind, point?)?;
                    let resource = *resource.get_or_insert_with(|| rows.resource(&shared.resource));
                    rows.add(t, resource, point)?;
                }
            }
        }
    }
    rows.put(t)
}

fn count(fields: wire::Fields<'_>) -> Result<u64, Malformed> {
    fields.map(|f| f.map(|_| 1)).sum()
}

/// A metric with points: its name, their kind, and the message that holds them.
type Metric<'a> = (&'a [u8], PointKind, &'a [u8]);

fn read_metric(bytes: &[u8]) -> Result<Option<Metric<'_>>, Malformed> {
    let mut m = Message::new(bytes, "Metric");
    let (mut name, mut data) = (&[][..], None);
    while let Some((number, field)) = m.next_field()? {
        if number == 1 {
            name = field.bytes(&m)?;
        } else if let Some(kind) = PointKind::of_field(number) {
            data = Some((kind, field.bytes(&m)?));
        }
    }
    Ok(data.map(|(kind, data)| (name, kind, data)))
}

impl<'a> Rows<'a> {
    fn resource(&mut self, attributes: &[Attr<'a>]) -> usize {
        let mut key = String::new();
        write_key(&mut key, attributes);
        let next = self.resources.len();
        let i = *self
            .resource_keys
            .entry(key.into_bytes().into())
            .or_insert(next);
        if i == next {
            self.resources.push(attributes.to_vec());
        }
        i
    }

    fn add(
        &mut self,
        t: &mut Translation<'a, '_, '_>,
        resource: usize,
        point: Point<'a>,
    ) -> Result<(), Untranslatable> {
        if point.values.is_empty() {
            return Ok(()); // The sender says that there is no value.
        }
        t.timed |= point.time > 0;
        t.charge(point.values.len())?;
        let time = point.time - point.time.rem_euclid(NANOS_PER_SECOND);
        let mut key = format!("{resource} {time} ");
        write_key(&mut key, &point.attributes);
        let next = self.rows.len();
        let i = *self.row_keys.entry(key.into_bytes().into()).or_insert(next);
        if i == next {
            t.charge(METRIC_COLUMNS + self.resources[resource].len() + point.attributes.len())?;
            self.rows.push(Row {
                time,
                resource,
                attributes: point.attributes,
                values: point.values,
                points: 1,
            });
        } else {
            let row = &mut self.rows[i];
            row.values.extend(point.values);
            row.points += 1;
        }
        Ok(())
    }

    fn put(self, t: &mut Translation<'a, '_, '_>) -> Result<(), Untranslatable> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let name = t
            .context
            .dataset_header
            .unwrap_or(UNKNOWN_METRICS)
            .to_owned();
        let rows = self.rows.len() as u64;
        let Some(slug) = t.dataset(&name, DatasetUse::Metrics, || Ok(rows))? else {
            t.rejected_items += self.rows.iter().map(|r| r.points).sum::<u64>() - rows;
            return Ok(());
        };
        for row in &self.rows {
            if !t.builder.begin_row(row.time) {
                t.rejected_items += row.points;
                continue;
            }
            t.builder.set_dataset(&slug);
            for (slot, text) in [
                (t.names.source, "otlp"),
                (t.names.signal_type, t.signal_type),
                (t.names.annotation_type, "metric_event"),
            ] {
                t.builder.put(slot, ValueRef::Str(text));
            }
            t.builder.discount_fields();
            put_all(&mut t.builder, &self.resources[row.resource]);
            put_all(&mut t.builder, &row.attributes);
            for (slot, number) in &row.values {
                t.builder.put(*slot, number.as_ref());
            }
            t.builder.end_row();
        }
        Ok(())
    }
}

/// Writes attributes so that the same set gives the same text in whatever order it was sent.
fn write_key(key: &mut String, attributes: &[Attr<'_>]) {
    let mut sorted: Vec<&Attr<'_>> = attributes.iter().collect();
    sorted.sort_by_key(|a| a.slot.index());
    for a in sorted {
        let value = a.value.as_ref();
        let text = value.to_string();
        // The length says where a text ends, whatever it holds.
        let _ = write!(
            key,
            "{}{}{}:{text}",
            a.slot.index(),
            value.ty().tag(),
            text.len()
        );
    }
}
