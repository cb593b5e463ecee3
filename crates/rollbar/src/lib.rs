//! Rollbar: occurrences in, items out.
