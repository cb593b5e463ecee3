//! Traces by hand, and the calls and maps they make.
