//! `foursight doctor`: why does nothing arrive?
//!
//! Run where the app runs (or with its env file), it reads the variables the app's SDKs read, judges
//! each, sends one probe per protocol with the client's own credentials over the client's own protocol,
//! and finds each again. What fails is told with its cause and its fix; the exit code says whether all
//! is well. docs/doctor.md lists every code.
//!
//! Reading order: [`variables`], [`finding`], one module per protocol ([`otlp`], [`xray`],
//! [`cloudwatch`], [`rollbar`]: `judge`, then `probe`), [`spelling`], [`lookup`].

mod address;
mod cloudwatch;
mod finding;
mod http;
mod lookup;
mod otlp;
mod probe;
mod rollbar;
mod spelling;
mod variables;
mod xray;

use crate::cli::{DoctorArgs, Target};
use crate::serve::print;
use address::Address;
use anyhow::Context as _;
use finding::{Check, Finding, Level, Report, State};
use lookup::Lookup;
use probe::{Judged, Probe, Taken};
use serde_json::{Value, json};
use std::process::ExitCode;
use variables::Variables;

/// A clock further off than this makes signatures invalid, seconds (reliability.md §6).
const CLOCK_LIMIT: i64 = 300;

/// What is asked about one protocol beyond its variables.
struct Protocol {
    name: &'static str,
    /// Its names in Arrivals.
    arrivals: &'static [&'static str],
    /// Finds the probe's row.
    mark: Value,
    /// Rows of the app, and not of probes.
    of_app: Vec<Value>,
    /// What an app that ends too early loses.
    held_back: &'static str,
}

/// Runs `foursight doctor`.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let variables = match &args.env_file {
        Some(path) => Variables::of_file(path)?,
        None => Variables::of_process(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting threads")?;
    let report = runtime.block_on(examine(&variables, args))?;
    match args.json {
        true => print(&format!("{:#}", serde_json::to_value(&report)?)),
        false => print(&report.as_text()),
    }
    Ok(match report.ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn examine(v: &Variables, args: &DoctorArgs) -> anyhow::Result<Report> {
    let probe = Probe::new()?;
    let (otlp, xray) = (otlp::judge(v), xray::judge(v));
    let (logs, rollbar) = (cloudwatch::judge(v), rollbar::judge(v));
    let sent_to: Vec<Address> = [
        logs.plan.as_ref().map(|p| &p.address),
        rollbar.plan.as_ref().map(|p| &p.address),
        otlp.plan.as_ref().map(|p| &p.address),
    ]
    .into_iter()
    .flatten()
    .cloned()
    .chain(
        xray.plan
            .as_ref()
            .and_then(|p| Address::parse(&format!("http://{}", p.udp)).ok()),
    )
    .collect();
    let sent = tokio::join!(
        sent(&otlp, |p| otlp::probe(p, &probe)),
        sent(&xray, |p| xray::probe(p, &probe)),
        sent(&logs, |p| cloudwatch::probe(p, &probe)),
        sent(&rollbar, |p| rollbar::probe(p, &probe)),
    );
    let target = Target {
        url: args.url.clone(),
        token: args.token.clone(),
        data_dir: args.data_dir.clone(),
        json: false,
    };
    let mut findings = spelling::judge(v);
    let is_used = otlp.is_used || xray.is_used || logs.is_used || rollbar.is_used;
    let lookup = match is_used {
        true => Lookup::open(&target, &sent_to).await,
        false => Err(Finding::error(
            "nothing_set_up",
            None,
            "none of the variables of OpenTelemetry, X-Ray, CloudWatch Logs or Rollbar is set here",
            "run it where the app runs, or give the app's env file with --env-file",
        )),
    };
    let lookup = match lookup {
        Ok(lookup) => Some(lookup),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    findings.extend(clock(&[&sent.0, &sent.1, &sent.2, &sent.3]));
    let grpc = otlp.plan.as_ref().is_some_and(|p| p.is_grpc);
    let [of_otlp, of_xray, of_logs, of_rollbar] = protocols(&probe, &otlp, grpc);
    let address = otlp.plan.as_ref().map(|p| p.address.plain());
    let key = otlp.plan.as_ref().and_then(|p| p.key()).map(str::to_owned);
    let mut checks = vec![check(&of_otlp, otlp, address, sent.0, lookup.as_ref(), &probe).await];
    let address = xray.plan.as_ref().map(|p| p.udp.clone());
    checks.push(check(&of_xray, xray, address, sent.1, lookup.as_ref(), &probe).await);
    let address = logs.plan.as_ref().map(|p| p.address.plain());
    checks.push(check(&of_logs, logs, address, sent.2, lookup.as_ref(), &probe).await);
    let address = rollbar.plan.as_ref().map(|p| p.address.plain());
    checks.push(
        check(
            &of_rollbar,
            rollbar,
            address,
            sent.3,
            lookup.as_ref(),
            &probe,
        )
        .await,
    );
    if let Some(wanted) = &args.environment {
        other_environment(wanted, &mut checks, key.as_deref(), lookup.as_ref()).await;
    }
    Ok(Report::new(lookup.map(|l| l.url), findings, checks))
}

/// Sends the probe of a protocol whose variables say where to.
async fn sent<'p, P, F>(
    judged: &'p Judged<P>,
    send: impl FnOnce(&'p P) -> F,
) -> Option<Result<Taken, Finding>>
where
    F: Future<Output = Result<Taken, Finding>>,
{
    match &judged.plan {
        Some(plan) => Some(send(plan).await),
        None => None,
    }
}

/// What is asked about each, and how its rows are told.
fn protocols(probe: &Probe, otlp: &Judged<otlp::Plan>, is_grpc: bool) -> [Protocol; 4] {
    let is = |column: &str, value: &str| json!({"column": column, "op": "=", "value": value});
    let is_not = |column: &str, value: &str| json!({"column": column, "op": "!=", "value": value});
    let service = otlp.plan.as_ref().and_then(|p| p.service.as_deref());
    let mut of_spans = vec![
        is("meta.source", "otlp"),
        is_not("service.name", probe::SERVICE),
    ];
    of_spans.extend(service.map(|s| is("service.name", s)));
    [
        Protocol {
            name: "OpenTelemetry",
            arrivals: if is_grpc {
                &["otlp/grpc"]
            } else {
                &["otlp/http"]
            },
            mark: json!({"column": "foursight.doctor.run", "op": "=", "value": probe.run}),
            of_app: of_spans,
            held_back: "spans wait for OTEL_BSP_SCHEDULE_DELAY, 5 s by default: call shutdown() of the tracer provider before the app ends",
        },
        Protocol {
            name: "X-Ray",
            arrivals: &["xray/daemon"],
            mark: xray::mark(probe),
            of_app: vec![
                is("meta.source", "xray"),
                is_not("service.name", probe::SERVICE),
            ],
            held_back: "a segment is sent when it is closed: see that the middleware is installed and end_segment() is called",
        },
        Protocol {
            name: "CloudWatch Logs",
            arrivals: &["logs"],
            mark: cloudwatch::mark(probe),
            of_app: vec![
                is("meta.source", "cloudwatch"),
                is_not("aws.log.group.name", probe::SERVICE),
            ],
            held_back: "watchtower's lines wait for send_interval, 60 s by default: call logging.shutdown() before the app ends",
        },
        Protocol {
            name: "Rollbar",
            arrivals: &["rollbar"],
            mark: rollbar::mark(probe),
            of_app: vec![
                is("meta.source", "rollbar"),
                is_not("deployment.environment.name", probe::SERVICE),
            ],
            held_back: "items are sent by threads: call rollbar.wait() before the app ends",
        },
    ]
}

/// Everything known of one protocol.
async fn check<P>(
    protocol: &Protocol,
    judged: Judged<P>,
    address: Option<String>,
    sent: Option<Result<Taken, Finding>>,
    lookup: Option<&Lookup>,
    probe: &Probe,
) -> Check {
    let mut check = Check::unused(protocol.name);
    if !judged.is_used {
        return check;
    }
    check.address = address;
    check.findings = judged.findings;
    check.state = State::Failed;
    match sent {
        None => {}
        Some(Err(finding)) => {
            let told = match (lookup, finding.code.as_str()) {
                (Some(lookup), "refused" | "wrong_port") => {
                    lookup.refusal(protocol.arrivals, probe).await
                }
                _ => None,
            };
            // A key that is not there is told once, by the variable it is missing from.
            let finding = told.unwrap_or(finding);
            if !check.findings.iter().any(|f| f.code == finding.code) {
                check.findings.push(finding);
            }
        }
        Some(Ok(taken)) => {
            check.state = match taken.is_found {
                true => State::Found,
                false => State::Sent,
            };
            check.findings.extend(taken.findings);
            if let Some(lookup) = lookup {
                look_up(protocol, &mut check, lookup).await;
            }
        }
    }
    check
}

/// Finds a probe that was sent, and whether the app itself sends.
async fn look_up(protocol: &Protocol, check: &mut Check, lookup: &Lookup) {
    match lookup.find(&protocol.mark).await {
        Ok(Some(env)) => {
            check.state = State::Found;
            check.environment = Some(env);
        }
        Ok(None) => {
            check.state = State::Failed;
            let told = lookup.refused_of_others(protocol.arrivals).await;
            check.findings.push(told.map_or_else(
                || {
                    Finding::error(
                        "not_found",
                        None,
                        "the probe was sent and did not arrive: another program may listen there, or the way there loses it",
                        "publish the port for the protocol too (2000:2000/udp beside 2000:2000/tcp), and see that the address is Foursight's",
                    )
                },
                |finding| Finding { level: Level::Error, ..finding },
            ));
            return;
        }
        Err(e) => {
            let text = format!("the probe cannot be looked up: {e:#}");
            check
                .findings
                .push(Finding::note("not_looked_up", None, text, ""));
            return;
        }
    }
    // The way is open. Whether the app uses it is asked only when nothing else is wrong: else what
    // keeps its data away is told already.
    if check.findings.iter().any(|f| f.level == Level::Error) {
        return;
    }
    let env = check.environment.clone().unwrap_or_default();
    let filters = Value::Array(protocol.of_app.clone());
    if let Some(refused) = lookup.refused_of_others(protocol.arrivals).await {
        check.findings.push(refused);
    } else if lookup.count(&env, &filters).await.is_ok_and(|n| n == 0) {
        check.findings.push(Finding::warning(
            "nothing_from_app",
            None,
            "the way is open, and the app has sent nothing in the last day: it does not run, is not instrumented, or ends before what it holds is sent",
            protocol.held_back,
        ));
    }
}

/// The clock of this machine against the server's, told once.
fn clock(sent: &[&Option<Result<Taken, Finding>>]) -> Option<Finding> {
    let ahead = sent
        .iter()
        .filter_map(|s| s.as_ref()?.as_ref().ok()?.clock_ahead_seconds)
        .max_by_key(|a| a.abs())?;
    if ahead.abs() <= CLOCK_LIMIT {
        return None;
    }
    let (minutes, way) = (
        ahead.abs() / 60,
        if ahead > 0 { "behind" } else { "ahead of" },
    );
    Some(Finding::error(
        "clock_off",
        None,
        format!(
            "this machine's clock is {minutes} minutes {way} the server's: signed requests are refused, and what is taken stands at the wrong time"
        ),
        "set the clock (NTP)",
    ))
}

/// Data that arrives in another environment than the one meant.
async fn other_environment(
    wanted: &str,
    checks: &mut [Check],
    key: Option<&str>,
    lookup: Option<&Lookup>,
) {
    for check in checks {
        if check.environment.is_none()
            && check.protocol == "OpenTelemetry"
            && let (Some(lookup), Some(key)) = (lookup, key)
        {
            check.environment = lookup.environment_of(key).await;
        }
        if let Some(other) = check.environment.as_deref().filter(|e| *e != wanted) {
            check.findings.push(Finding::error(
                "other_environment",
                None,
                format!(
                    "its key belongs to environment {other}, not to {wanted}: data arrives there"
                ),
                format!("use a key of {wanted}: foursight keys create --environment {wanted}"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(ahead: i64) -> Option<Result<Taken, Finding>> {
        Some(Ok(Taken {
            clock_ahead_seconds: Some(ahead),
            ..Taken::default()
        }))
    }

    #[test]
    fn a_clock_ten_minutes_off_is_told_with_its_side() {
        assert_eq!(clock(&[&taken(200), &None]), None);
        let behind = clock(&[&taken(0), &taken(605)]).unwrap();
        assert!(behind.text.contains("10 minutes behind"), "{}", behind.text);
        let ahead = clock(&[&taken(-605)]).unwrap();
        assert!(ahead.text.contains("10 minutes ahead of"), "{}", ahead.text);
    }

    /// Guarantees: docs/doctor.md explains every code the doctor itself gives.
    #[test]
    fn every_code_is_documented() {
        let page = include_str!("../../../../docs/doctor.md");
        let sources = [
            include_str!("mod.rs"),
            include_str!("otlp.rs"),
            include_str!("xray.rs"),
            include_str!("cloudwatch.rs"),
            include_str!("rollbar.rs"),
            include_str!("probe.rs"),
            include_str!("spelling.rs"),
            include_str!("lookup.rs"),
        ];
        let mut seen = 0;
        for source in sources {
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for call in ["Finding::error(", "Finding::warning(", "Finding::note("] {
                for after in code.split(call).skip(1) {
                    let Some(literal) = after.trim_start().strip_prefix('"') else {
                        continue;
                    };
                    let word = literal.split('"').next().unwrap_or_default();
                    assert!(page.contains(&format!("`{word}`")), "{word}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 25, "{seen} codes were looked at");
    }
}
