//! X-Ray: the daemon's ports, segments, groups, sampling, filter expressions.
