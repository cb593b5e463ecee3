//! `GetSamplingTargets`, `GetSamplingStatisticSummaries`.

use super::input::{Time, invalid, seconds};
use super::page::{TokenOnly, page};
use crate::wire::{Call, Fail, Reply};
use engine::sampling::{Report, ReportRefused, Target};
use engine::{Outcome, Reason};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most documents of a call.
const DOCUMENTS: usize = 25;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Targets {
    sampling_statistics_documents: Vec<Statistics>,
    #[serde(default)]
    sampling_boost_statistics_documents: Vec<Boost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    rule_name: String,
    #[serde(rename = "ClientID")]
    client_id: String,
    timestamp: Time,
    request_count: u64,
    sampled_count: u64,
    #[serde(default)]
    borrow_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boost {
    rule_name: String,
}

pub(super) fn targets(call: &Call) -> Result<Reply, Fail> {
    let input: Targets = call.input()?;
    if input.sampling_statistics_documents.len() > DOCUMENTS {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'samplingStatisticsDocuments' failed to satisfy constraint: Member must have length less than or equal to {DOCUMENTS}"
        )));
    }
    let (env, now) = (call.grant.env(), call.engine.now());
    let sampling = call.engine.sampling();
    let (mut documents, mut unprocessed) = (Vec::new(), Vec::new());
    for s in input.sampling_statistics_documents {
        let report = Report {
            at_ns: s.timestamp.nanos("Timestamp")?,
            rule: s.rule_name,
            client: s.client_id,
            requests: s.request_count,
            sampled: s.sampled_count,
            borrowed: s.borrow_count,
        };
        match sampling.report(env, &report, now) {
            Ok(target) => {
                note_if_none_is_kept(call, &report, &target);
                documents.push(json!({
                "RuleName": target.rule,
                "FixedRate": target.fixed_rate,
                "ReservoirQuota": target.quota,
                "ReservoirQuotaTTL": seconds(target.quota_until_ns).floor(),
                "Interval": target.interval_s,
                }));
            }
            Err(why) => unprocessed.push(unprocessed_rule(&report.rule, why)),
        }
    }
    // Clients compare it with when they fetched the rules; never null.
    let changed = sampling.rules_changed_ns(env);
    let boosts: Vec<Value> = input
        .sampling_boost_statistics_documents
        .iter()
        .map(|b| {
            json!({
                "RuleName": b.rule_name,
                "ErrorCode": "400",
                "Message": "sampling boosts are not supported",
            })
        })
        .collect();
    Ok(Reply::Json(json!({
        "SamplingTargetDocuments": documents,
        "LastRuleModification": seconds(changed),
        "UnprocessedStatistics": unprocessed,
        "UnprocessedBoostStatistics": boosts,
    })))
}

/// A rule that keeps nothing is why nothing arrives: its sender shows in Arrivals with that reason.
fn note_if_none_is_kept(call: &Call, report: &Report, target: &Target) {
    let rule = call.engine.sampling().rule(call.grant.env(), &report.rule);
    let keeps_none = rule.is_some_and(|r| r.rule.reservoir_size == 0) && target.fixed_rate == 0.0;
    if keeps_none && report.requests > 0 {
        let outcome = Outcome {
            reason: Some(Reason::NotSampled),
            ..Outcome::default()
        };
        let what = format!(
            "rule {}: {} requests, {} sampled",
            report.rule, report.requests, report.sampled
        );
        call.grant.note(&call.delivery, outcome.detail(what));
    }
}

fn unprocessed_rule(rule: &str, why: ReportRefused) -> Value {
    let message = match why {
        ReportRefused::UnknownRule => "there is no such rule: fetch the rules again",
        ReportRefused::Stale => "the time of the report is not about now: set the clock",
    };
    json!({"RuleName": rule, "ErrorCode": "400", "Message": message})
}

/// Windows of ten seconds, latest first. Clients leave borrowed requests out of the sampled ones; both
/// are told as reported.
pub(super) fn statistics(call: &Call) -> Result<Reply, Fail> {
    let input: TokenOnly = call.input()?;
    let all = call
        .engine
        .sampling()
        .statistics(call.grant.env(), call.engine.now());
    let mut windows: Vec<_> = all
        .iter()
        .flat_map(|(name, s)| s.windows.iter().map(move |w| (name, w)))
        .collect();
    windows.sort_by(|a, b| (b.1.start_s, a.0).cmp(&(a.1.start_s, b.0)));
    let list = windows
        .into_iter()
        .map(|(name, w)| {
            json!({
                "RuleName": name,
                "Timestamp": w.start_s,
                "RequestCount": w.requests,
                "BorrowCount": w.borrowed,
                "SampledCount": w.sampled,
            })
        })
        .collect();
    page(
        "SamplingStatisticSummaries",
        list,
        input.next_token.as_deref(),
    )
    .map(Reply::Json)
}
