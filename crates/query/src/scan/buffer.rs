//! Units of buffered batches: columns are made for the fields asked, nothing else.

use super::batch::Columns;
use super::guard::{Guard, normal};
use super::{Batch, Extent, Origin, Scan};
use crate::Error;
use crate::fields::Source;
use arrow_array::ArrayRef;
use event::{Column, EventBatch};
use std::sync::Arc;
use store::snapshot::BufferedBatch;

/// Rows of one buffered unit: enough to be worth a task, few enough to spread.
const UNIT_ROWS: usize = 65_536;

/// Some buffered batches with what their rows have to pass.
#[derive(Debug)]
pub(crate) struct BufferUnit {
    batches: Vec<(Arc<BufferedBatch>, Guard)>,
}

impl BufferUnit {
    /// The batches, newest first.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &Arc<BufferedBatch>> {
        self.batches.iter().map(|(b, _)| b)
    }
}

/// Groups batches (newest first) into units.
pub(super) fn units(batches: Vec<(Arc<BufferedBatch>, Guard)>) -> Vec<(Extent, BufferUnit)> {
    let mut out = Vec::new();
    let mut open: Vec<(Arc<BufferedBatch>, Guard)> = Vec::new();
    let mut rows = 0;
    for b in batches {
        rows += b.0.batch.rows();
        open.push(b);
        if rows >= UNIT_ROWS {
            out.push(std::mem::take(&mut open));
            rows = 0;
        }
    }
    if !open.is_empty() {
        out.push(open);
    }
    out.into_iter()
        .map(|batches| {
            let times = batches.iter().map(|b| b.0.ts_range);
            let extent = Extent {
                oldest: times.clone().map(|t| t.0).min().unwrap_or(i64::MIN),
                newest: times.map(|t| t.1).max().unwrap_or(i64::MAX),
                rows: batches.iter().map(|b| b.0.batch.rows() as u64).sum(),
            };
            (extent, BufferUnit { batches })
        })
        .collect()
}

impl Scan {
    pub(super) async fn read_buffer(
        &self,
        index: usize,
        unit: &BufferUnit,
        each: &mut (dyn FnMut(Batch) -> Result<bool, Error> + Send),
    ) -> Result<(), Error> {
        let mut row = 0;
        for (batch, guard) in &unit.batches {
            let origin = Origin { unit: index, row };
            row += batch.batch.rows() as u64;
            let columns = self.columns_of(&batch.batch);
            if let Some(out) = self.project(columns, guard, origin)?
                && !each(out)?
            {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn columns_of(&self, batch: &EventBatch) -> Columns {
        let rows = batch.rows();
        let arrays = self
            .sources
            .iter()
            .zip(&self.dictionary)
            .map(|(source, dictionary)| {
                let column: &Column = match source {
                    Source::Fixed(f) => batch.fixed(*f)?,
                    Source::Attr(key, ty) => batch.attr(key, *ty)?,
                    Source::Overflow(_) => return None,
                };
                if *dictionary && let Some(d) = column.to_dictionary(rows) {
                    return Some(Arc::new(d) as ArrayRef);
                }
                Some(normal(column.to_array(rows)))
            })
            .collect();
        Columns { rows, arrays }
    }
}
