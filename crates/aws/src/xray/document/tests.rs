//! Documents as clients send them.
