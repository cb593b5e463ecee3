//! SigV4, the client's side: signs one POST, of doctor's probe or of what is sent on to AWS.
//!
//! Written apart from the server's check of signatures, so that it does not share its mistakes.
//! Source: the public description of Signature Version 4.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Who signs, and for what.
#[derive(Clone, Debug)]
pub(crate) struct Signer<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl Signer<'_> {
    /// The headers that sign a POST of `body` to `path` at `host`, at `stamp` (`yyyymmddThhmmssZ`).
    /// `headers` (lower case) are signed too and stand among the result.
    pub(crate) fn headers(
        &self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        stamp: &str,
    ) -> Vec<(String, String)> {
        let mut signed: Vec<(String, String)> = headers
            .iter()
            .chain(&[("host", host), ("x-amz-date", stamp)])
            .chain(self.token.map(|t| ("x-amz-security-token", t)).as_ref())
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(n, _)| n.as_str()).collect();
        let names = names.join(";");
        let lines: String = signed.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
        let canonical = format!(
            "POST\n{path}\n\n{lines}\n{names}\n{}",
            hex::encode(Sha256::digest(body))
        );
        let date = stamp.get(..8).unwrap_or(stamp);
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let text = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex::encode(Sha256::digest(canonical.as_bytes()))
        );
        let first = format!("AWS4{}", self.secret).into_bytes();
        let key = [date, self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |key, part| hmac(&key, part.as_bytes()));
        let signature = hex::encode(hmac(&key, text.as_bytes()));
        signed.push((
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
                self.key_id
            ),
        ));
        signed
    }
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

    /// The vector of cloudwatch.md §3: what boto3 1.44 sent for DescribeLogGroups.
    #[test]
    fn signs_as_boto3_does() {
        let signer = Signer {
            key_id: "AKIDEXAMPLE",
            secret: "secret",
            token: None,
            region: "us-east-1",
            service: "logs",
        };
        let headers = signer.headers(
            "127.0.0.1:18080",
            "/",
            &[
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "Logs_20140328.DescribeLogGroups"),
            ],
            br#"{"logGroupNamePrefix": "cruddur"}"#,
            "20261120T091510Z",
        );
        let (_, authorization) = headers.last().unwrap();
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/logs/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
             Signature=446a19493f3b3a8874e611e62956aec3ca3cde8ee3a11c638b45bd9a7f71993c"
        );
    }
}
