//! The stock engine over the very files of a snapshot: what our readers and operators are compared with.

use datafusion::dataframe::DataFrame;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use store::Snapshot;
use tokio::runtime::Runtime;

/// A table of the stock engine, with its defaults but for the number of partitions and what is named.
pub(crate) struct Stock {
    frame: DataFrame,
    runtime: Runtime,
}

impl Stock {
    /// Over the parts of a snapshot, as anybody would open them.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        Self::with(snapshot, SessionConfig::new())
    }

    /// Without a look at the Bloom filters in the files.
    pub(crate) fn without_bloom(snapshot: &Snapshot) -> Self {
        Self::with(
            snapshot,
            SessionConfig::new().with_parquet_bloom_filter_pruning(false),
        )
    }

    fn with(snapshot: &Snapshot, config: SessionConfig) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(super::THREADS)
            .build()
            .expect("a runtime");
        let paths: Vec<String> = snapshot
            .parts
            .iter()
            .map(|p| p.path.to_string_lossy().into_owned())
            .collect();
        let context =
            SessionContext::new_with_config(config.with_target_partitions(super::THREADS));
        let frame = runtime
            .block_on(context.read_parquet(paths, ParquetReadOptions::default()))
            .expect("files that any reader of Parquet reads");
        Self { frame, runtime }
    }

    /// Runs what is made of the table; returns the number of rows.
    pub(crate) fn run(
        &self,
        make: impl FnOnce(DataFrame) -> datafusion::error::Result<DataFrame>,
    ) -> usize {
        let frame = make(self.frame.clone()).expect("a plan");
        let batches = self.runtime.block_on(frame.collect()).expect("an answer");
        batches.iter().map(|b| b.num_rows()).sum()
    }

    /// Names of the physical columns.
    pub(crate) fn columns(&self) -> Vec<String> {
        let fields = self.frame.schema().fields();
        fields.iter().map(|f| f.name().clone()).collect()
    }
}
