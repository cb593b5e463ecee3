//! The store from outside: what was acknowledged is there, once, whatever happens.

mod common;
mod merge;
mod slice;
