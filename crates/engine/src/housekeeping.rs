//! What is written to the catalog now and then: counters, times of use and of lines, the
//! hourly copy.

use crate::arrivals::Arrivals;
use crate::catalog::{Catalog, Error};
use crate::issues::Issues;
use crate::logs::Logs;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const COUNTERS_EVERY: Duration = Duration::from_secs(5);
const USES_EVERY: Duration = Duration::from_secs(60);
const COPY_EVERY: Duration = Duration::from_secs(3_600);
/// The first copy is made soon: environments and keys are made in the first minutes.
const FIRST_COPY_AFTER: Duration = Duration::from_secs(300);

/// The thread that does it.
pub(crate) struct Housekeeping {
    trouble: Arc<Mutex<Option<String>>>,
    thread: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Housekeeping {
    pub(crate) fn start(
        catalog: Catalog,
        arrivals: Arrivals,
        logs: Logs,
        forget: Forget,
    ) -> std::io::Result<Self> {
        let trouble = Arc::new(Mutex::new(None));
        let (stop, stopped) = mpsc::channel::<()>();
        let seen = Arc::clone(&trouble);
        let thread = std::thread::Builder::new()
            .name("catalog".into())
            .spawn(move || {
                let mut uses_due = Instant::now() + USES_EVERY;
                let mut copy_due = Instant::now() + FIRST_COPY_AFTER;
                loop {
                    let is_last = match stopped.recv_timeout(COUNTERS_EVERY) {
                        Err(RecvTimeoutError::Timeout) => false,
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
                    };
                    let now = Instant::now();
                    let mut result = save_counters(&catalog, &arrivals).and(logs.save());
                    if is_last || now >= uses_due {
                        uses_due = now + USES_EVERY;
                        result = result
                            .and(save_uses(&catalog))
                            .and(forget.old_occurrences());
                    }
                    if is_last || now >= copy_due {
                        copy_due = now + COPY_EVERY;
                        result = result.and(catalog.backup());
                    }
                    if let Err(e) = &result {
                        tracing::error!(error = %e, "the catalog could not be written");
                    }
                    *seen.lock() = result.err().map(|e| e.to_string());
                    if is_last {
                        return;
                    }
                }
            })?;
        Ok(Self {
            trouble,
            thread: Mutex::new(Some((stop, thread))),
        })
    }

    /// What went wrong the last time, if something did.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    /// Does everything once more and ends the thread. Blocks for that long.
    pub(crate) fn stop(&self) {
        let Some((stop, thread)) = self.thread.lock().take() else {
            return;
        };
        // Already ended is ended.
        let _ = stop.send(());
        if thread.join().is_err() {
            tracing::error!("the catalog's thread panicked");
        }
    }
}

/// What expires in the catalog with the rows it is about.
pub(crate) struct Forget {
    pub(crate) issues: Issues,
    pub(crate) clock: Arc<dyn store::Clock>,
    /// Days rows are kept; 0: for ever.
    pub(crate) days: u32,
}

impl Forget {
    fn old_occurrences(&self) -> Result<(), Error> {
        if self.days == 0 {
            return Ok(());
        }
        let oldest = self.clock.now() - i64::from(self.days) * 86_400_000_000_000;
        self.issues.forget_before(oldest).map(|_| ())
    }
}

fn save_counters(catalog: &Catalog, arrivals: &Arrivals) -> Result<(), Error> {
    let changed = arrivals.take_changed();
    catalog.save_counters(&changed).inspect_err(|_| {
        arrivals.mark_changed(changed.into_iter().map(|(key, _)| key));
    })
}

fn save_uses(catalog: &Catalog) -> Result<(), Error> {
    catalog.save_key_uses().and(catalog.save_writes())
}
