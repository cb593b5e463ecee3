//! AWS Signature Version 4, as far as one POST of JSON needs it.
//!
//! A team would take its SDK's signer; the whole SDK would be most of this app.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// A key pair, and where it signs.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) region: String,
    pub(crate) service: &'static str,
}

impl Signer {
    /// The header `Authorization` of a POST of `body` to `/` with these headers: lower case, sorted,
    /// `host` and `x-amz-date` (`stamp`) among them.
    pub(crate) fn authorization(
        &self,
        headers: &[(&str, &str)],
        body: &[u8],
        stamp: &str,
    ) -> String {
        let lines: String = headers.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
        let names: Vec<&str> = headers.iter().map(|(n, _)| *n).collect();
        let names = names.join(";");
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(body));
        let date = stamp.split('T').next().unwrap_or_default();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let text = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            sha256(canonical.as_bytes())
        );
        let first = format!("AWS4{}", self.secret).into_bytes();
        let key = [date, &self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |key, part| hmac(&key, part.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.key_id,
            hex::encode(hmac(&key, text.as_bytes()))
        )
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length: the error cannot come.
    Hmac::<Sha256>::new_from_slice(key).map_or(Vec::new(), |mac| {
        mac.chain_update(data).finalize().into_bytes().to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What boto3 1.44 sent for DescribeLogGroups with this key at this time.
    #[test]
    fn signs_as_boto3_does() {
        let signer = Signer {
            key_id: "AKIDEXAMPLE".into(),
            secret: "secret".into(),
            region: "us-east-1".into(),
            service: "logs",
        };
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("host", "127.0.0.1:18080"),
            ("x-amz-date", "20261120T091510Z"),
            ("x-amz-target", "Logs_20140328.DescribeLogGroups"),
        ];
        let body = br#"{"logGroupNamePrefix": "cruddur"}"#;
        let header = signer.authorization(&headers, body, "20261120T091510Z");
        let signature = "446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c";
        assert!(header.ends_with(signature), "{header}");
    }
}
