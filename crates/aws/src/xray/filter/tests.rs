//! Expressions over traces made by hand.
