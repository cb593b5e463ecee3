//! Two services of AWS over their own protocols: X-Ray and CloudWatch Logs.

pub mod cloudwatch;
pub mod wire;
pub mod xray;
