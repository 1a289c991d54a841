//! Requests to the ABIS and its answers, as MOSIP's ABIS interface writes them (version 0.9 of 2020; message version 1.1).
//!
//! **Invariant:** numbers in answers come as numbers or as text, for both are in use; what is not understood is no answer.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value as Json, json};
use spine::Timestamp;

/// At most so many candidates of one answer are read.
const CANDIDATES: usize = 50;

/// What the ABIS is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    Insert,
    Identify,
    Delete,
    Ping,
}

impl Operation {
    /// Its name in tables, and its path.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Identify => "identify",
            Self::Delete => "delete",
            Self::Ping => "ping",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Insert, Self::Identify, Self::Delete, Self::Ping].into_iter().find(|own| own.name() == name)
    }

    /// Its name in messages.
    fn id(self) -> String {
        format!("mosip.abis.{}", self.name())
    }
}

/// A request.
pub(crate) fn request(operation: Operation, id: &str, now: Timestamp, reference: &str, url: Option<&str>) -> Json {
    let mut said = json!({
        "id": operation.id(),
        "ver": "1.1",
        "requestId": id,
        "requesttime": now.to_string(),
    });
    if let Some(members) = said.as_object_mut() {
        if operation != Operation::Ping {
            members.insert("referenceId".to_owned(), json!(reference));
        }
        if let Some(url) = url {
            members.insert("referenceURL".to_owned(), json!(url));
        }
    }
    said
}

/// Somebody the ABIS thinks may be the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Candidate {
    /// Its name for her.
    pub(crate) reference_id: String,
    /// What it says of the match; `confidence`, in hundredths, is read.
    #[serde(default)]
    pub(crate) analytics: Json,
}

impl Candidate {
    /// How sure it is, in hundredths; 100 if it does not say.
    pub(crate) fn score(&self) -> i64 {
        let said = self.analytics.get("confidence");
        let number = said.and_then(|said| said.as_i64().or_else(|| said.as_str()?.trim().parse().ok()));
        number.unwrap_or(100).clamp(0, 100)
    }
}

/// Everybody it names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct CandidateList {
    /// The candidates; `null` for none.
    #[serde(default)]
    pub(crate) candidates: Option<Vec<Candidate>>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The request it answers.
    pub(crate) request_id: String,
    /// 1 for success, 2 for failure.
    #[serde(deserialize_with = "number")]
    pub(crate) return_value: i64,
    /// Why it failed.
    #[serde(default, deserialize_with = "number_or_none")]
    pub(crate) failure_reason: Option<i64>,
    /// Who may be the same, for `identify`.
    #[serde(default)]
    pub(crate) candidate_list: Option<CandidateList>,
}

impl Answer {
    /// An answer that is understood; none if it is not one.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(body).ok()?;
        matches!(answer.return_value, 1 | 2).then_some(answer)
    }

    pub(crate) const fn is_success(&self) -> bool {
        self.return_value == 1
    }

    /// Whether asking again may help: it could not serve, or could not fetch the templates just now.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.failure_reason, None | Some(1 | 2 | 3 | 4 | 7))
    }

    /// The candidates, at most fifty.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.candidate_list.iter().filter_map(|list| list.candidates.as_ref()).flatten().take(CANDIDATES)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(i64),
    Text(String),
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    match Written::deserialize(from)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

fn number_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<Written>::deserialize(from)? {
        None => None,
        Some(Written::Number(number)) => Some(number),
        Some(Written::Text(text)) => text.trim().parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_they_are_written_in_the_field() {
        let said = r#"{"id":"mosip.abis.identify","requestId":"a","responsetime":"2020-03-29T07:01:24.692Z","returnValue":"1",
            "candidateList":{"count":"1","candidates":[{"referenceId":"b","analytics":{"confidence":"90"},"modalities":[]}]}}"#;
        let answer = Answer::read(said.as_bytes()).unwrap();
        assert!(answer.is_success());
        let found: Vec<(String, i64)> =
            answer.candidates().map(|one| (one.reference_id.clone(), one.score())).collect();
        assert_eq!(found, [("b".to_owned(), 90)]);
        let none = r#"{"requestId":"a","returnValue":1,"candidateList":{"count":"0","candidates":null}}"#;
        assert_eq!(Answer::read(none.as_bytes()).unwrap().candidates().count(), 0);
        let failed = Answer::read(br#"{"requestId":"a","returnValue":2,"failureReason":"5"}"#).unwrap();
        assert!(!failed.is_success() && !failed.may_pass());
        for wrong in [
            "",
            "{}",
            "[1]",
            r#"{"requestId":"a"}"#,
            r#"{"requestId":"a","returnValue":0}"#,
            r#"{"requestId":"a","returnValue":"yes"}"#,
        ] {
            assert!(Answer::read(wrong.as_bytes()).is_none(), "{wrong}");
        }
        let odd = Candidate { reference_id: "b".to_owned(), analytics: json!({"confidence": 4_000}) };
        assert_eq!(odd.score(), 100);
    }
}
