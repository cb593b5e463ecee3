//! The data that stands in for a database.

use serde_json::{Value, json};

/// Activities of the home page.
pub(crate) fn home() -> Vec<Value> {
    vec![
        activity(
            "68f126b0-1ceb-4a33-88be-d90fa7109eee",
            "andrewbrown",
            "Cloud is very fun!",
            5,
        ),
        activity(
            "66e12864-8c26-4c3a-9658-95a10f8fea67",
            "worf",
            "I am out of prune juice",
            0,
        ),
        activity(
            "248959df-3079-4947-b847-9e0892d1bab4",
            "garek",
            "My dear doctor, I am just a simple tailor",
            0,
        ),
    ]
}

/// Notifications of anyone.
pub(crate) fn notifications() -> Vec<Value> {
    vec![activity(
        "26e12864-1c26-5c3a-9658-97a10f8fea67",
        "coco",
        "I am a white unicorn",
        2,
    )]
}

/// Activities of one user.
pub(crate) fn of_user(handle: &str) -> Vec<Value> {
    vec![activity(
        "248959df-3079-4947-b847-9e0892d1bab4",
        handle,
        "Cloud is fun!",
        1,
    )]
}

/// Activities whose message has the term in it.
pub(crate) fn search(term: &str) -> Vec<Value> {
    let term = term.to_lowercase();
    home()
        .into_iter()
        .filter(|a| {
            a["message"]
                .as_str()
                .is_some_and(|m| m.to_lowercase().contains(&term))
        })
        .collect()
}

/// Conversations.
pub(crate) fn message_groups() -> Vec<Value> {
    vec![
        json!({"uuid": "24b95582-9e7b-4e0a-9ad1-639773ab7552", "display_name": "Andrew Brown", "handle": "andrewbrown"}),
        json!({"uuid": "417c360e-c4e6-4fce-873b-d2d71469b4ac", "display_name": "Worf", "handle": "worf"}),
    ]
}

/// One conversation.
pub(crate) fn messages(with: &str) -> Vec<Value> {
    vec![
        json!({"uuid": "4e81c06a-db0f-4b50-8c31-2a6d9d6f6d2e", "handle": "andrewbrown", "message": "Cloud is fun!"}),
        json!({"uuid": "66e12864-8c26-4c3a-9658-95a10f8fea67", "handle": with, "message": "This platform is great!"}),
    ]
}

/// One activity.
pub(crate) fn activity(uuid: &str, handle: &str, message: &str, likes: u32) -> Value {
    json!({"uuid": uuid, "handle": handle, "message": message, "likes_count": likes})
}
