//! `foursight verify`: checks every part and WAL file of a data directory.

use crate::cli::VerifyArgs;
use crate::serve::{explain, print};
use crate::settings;
use anyhow::bail;
use engine::OpenError;
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;

/// Opens the directory, which recovers what a crash left, and checks every block, footer, row, index
/// and WAL group. Ends with 1 when something is wrong.
pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let dir = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => settings::default_data_dir()?,
    };
    if !dir.is_dir() {
        bail!(
            "there is no data directory {}; say where it is with --data-dir",
            dir.display()
        );
    }
    let mut options = store::Options::new(&dir);
    // A check must not delete: how long rows stay is the server's setting.
    options.retention.default_days = 0;
    let disk = Arc::new(store::disk::RealDisk);
    let (store, recovery) = store::Store::open(options, Arc::new(store::SystemClock), disk)
        .map_err(|e| explain(OpenError::Store(e), &dir))?;
    let found = store.verify();
    store.close()?;
    let found = found?;
    let mut problems: Vec<String> = recovery.quarantined.clone();
    problems.extend(
        recovery
            .manifest_rebuilt
            .iter()
            .map(|why| format!("the manifest was rebuilt: {why}")),
    );
    problems.extend(
        found
            .problems
            .iter()
            .map(|p| format!("{}: {}", p.path.display(), p.what)),
    );
    if args.json {
        print(&format!(
            "{:#}",
            json!({
                "ok": problems.is_empty(),
                "parts": found.parts,
                "rows": found.rows,
                "bytes": found.bytes,
                "parts_without_index": found.parts_without_index,
                "wal_files": found.wal_files,
                "wal_records": found.wal_records,
                "replayed_rows": recovery.replayed_rows,
                "problems": problems,
            })
        ));
    } else {
        print(&format!(
            "{} parts with {} rows ({} bytes), {} WAL files with {} records",
            found.parts, found.rows, found.bytes, found.wal_files, found.wal_records
        ));
        if found.parts_without_index > 0 {
            print(&format!(
                "{} parts lack their trace index: slower, not wrong; it is written again in the background",
                found.parts_without_index
            ));
        }
        for problem in &problems {
            print(&format!("wrong: {problem}"));
        }
        print(if problems.is_empty() {
            "all is well"
        } else {
            "something is wrong"
        });
    }
    Ok(match problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
