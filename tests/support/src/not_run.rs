//! Tests that lack what they need say so, and in CI that is a failure unless it is listed.

use std::io::Write as _;

/// Reports that `test` did not run, and why. Where `CI` is set this panics, unless
/// `tests/not-run.txt` has a line `test: reason`.
///
/// # Panics
/// In CI, for a test that is not listed.
pub fn not_run(test: &str, reason: &str) {
    let listed =
        std::fs::read_to_string(crate::repository().join("tests/not-run.txt")).unwrap_or_default();
    let excused = listed.lines().any(|l| {
        l.split_once(':')
            .is_some_and(|(name, _)| name.trim() == test)
    });
    // Written past the test harness's capture, so that it is seen when all is green.
    drop(writeln!(std::io::stderr(), "NOT RUN {test}: {reason}"));
    assert!(
        std::env::var_os("CI").is_none() || excused,
        "{test} did not run ({reason}); install what it needs or give the reason in tests/not-run.txt"
    );
}
