//! Questions kept under a name.

use super::Nanos;
use super::question::Asked;
use engine::query::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The saved queries of an environment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedQueries {
    /// Changed last first.
    pub queries: Vec<SavedQuery>,
}

/// A question kept under a name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedQuery {
    /// Its id, which stays when it is changed.
    pub id: String,
    /// 1 to 320 characters, no two alike in an environment.
    pub name: String,
    /// What it is for; empty: nothing was said.
    pub description: String,
    /// Slug of the dataset; null: all of them.
    pub dataset: Option<String>,
    /// The question's own id: `/1/queries/{dataset}/{id}` of Honeycomb's API.
    pub query_id: String,
    /// The question; null when this version cannot read it.
    pub asked: Option<Asked>,
    /// Why it can no longer be asked as it was saved, in words; null when it can.
    pub problem: Option<String>,
    /// When it was saved first.
    pub created_ns: Nanos,
    /// When it was saved or changed last.
    pub changed_ns: Nanos,
}

/// A question to be kept under a name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSavedQuery {
    /// 1 to 320 characters in one line; spaces around it go.
    pub name: String,
    /// At most 1,023 characters; absent: none.
    #[serde(default)]
    pub description: String,
    /// Slug of the dataset; absent: all of them.
    pub dataset: Option<String>,
    /// The question, at most 16 KiB.
    pub query: Query,
}

/// A change of a saved query: what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedQueryChange {
    /// Another name.
    pub name: Option<String>,
    /// Another description; empty: none.
    pub description: Option<String>,
    /// Slug of the dataset of `query`; absent beside it: all of them.
    pub dataset: Option<String>,
    /// Another question.
    pub query: Option<Query>,
}
