//! CloudWatch Logs: groups, streams, events, patterns, Insights, tail.
