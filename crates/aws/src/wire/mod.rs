//! What both services share: SigV4, awsJson, errors, request ids.
