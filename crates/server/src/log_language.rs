//! Lends the language of log queries to our own API, which knows no vendor.

use aws::cloudwatch::insights;
use engine::query::pipeline::Value;

/// Logs Insights QL, as pages and command line ask in it.
pub(crate) const LOG_LANGUAGE: api::LogLanguage = api::LogLanguage {
    compile,
    label,
    cell,
    words,
    fields,
};

fn compile(text: &str, limit: usize) -> Result<api::Compiled, api::Fault> {
    match insights::compile(text, aws::wire::ACCOUNT, Some(limit)) {
        Ok(lowered) => Ok(api::Compiled {
            pipeline: lowered.pipeline,
            grouped: lowered.grouped,
        }),
        Err(fault) => Err(api::Fault {
            message: fault.message,
            at: fault.at,
        }),
    }
}

fn label(group: &str) -> String {
    format!("{}:{group}", aws::wire::ACCOUNT)
}

fn cell(value: &Value<'_>, stored: bool) -> Option<String> {
    insights::render::value(value, stored)
}

fn words() -> api::wire::log_query::LogWords {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let functions = insights::functions::FUNCTIONS.iter();
    api::wire::log_query::LogWords {
        commands: owned(&insights::COMMANDS),
        keywords: owned(&insights::syntax::RESERVED),
        functions: functions
            .map(|f| api::wire::log_query::LogFunction {
                name: f.name.to_owned(),
                signature: f.signature.to_owned(),
                about: f.about.to_owned(),
                aggregate: f.aggregate,
            })
            .collect(),
        special_fields: owned(&insights::SPECIAL_FIELDS),
        fields: Vec::new(),
    }
}

fn fields(engine: &engine::Engine, env: event::EnvId, datasets: &[String]) -> Vec<String> {
    let written = |name: String| match insights::syntax::is_plain_name(&name) {
        true => name,
        false => format!("`{name}`"),
    };
    let seen = insights::fields_seen(engine, env, datasets).into_iter();
    seen.map(written).collect()
}
