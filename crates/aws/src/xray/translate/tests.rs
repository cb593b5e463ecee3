//! Documents and the rows they become.
