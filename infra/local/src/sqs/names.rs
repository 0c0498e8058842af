//! A queue's three names: plain, URL and ARN. Only the plain name is ever stored, so the host may move to another address.

use super::Error;

/// The functions' `AWS_REGION` on one machine.
const REGION: &str = "us-east-1";

/// Where the queues are served, and for which account.
pub(super) struct Names {
    base_url: String,
    account: String,
}

impl Names {
    pub(super) fn new(mut base_url: String, account: String) -> Self {
        base_url.truncate(base_url.trim_end_matches('/').len());
        Self { base_url, account }
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.base_url, self.account)
    }

    pub(super) fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{REGION}:{}:{name}", self.account)
    }

    /// The plain name in a queue URL. The host part is not compared: a machine has many names for itself.
    pub(super) fn name_in_url<'a>(&self, url: &'a str) -> Result<&'a str, Error> {
        let mut parts = url.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(name), Some(account)) if !name.is_empty() && account == self.account => Ok(name),
            (Some(name), Some(_)) if !name.is_empty() => Err(Error::QueueDoesNotExist),
            _ => Err(Error::InvalidAddress(url.to_owned())),
        }
    }

    /// The plain name in a queue's ARN, when it is one of this account's.
    pub(super) fn name_in_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&format!("arn:aws:sqs:{REGION}:{}:", self.account)).filter(|name| !name.is_empty())
    }
}

/// Checks a new queue's name: 1 to 80 of `A-Z a-z 0-9 _ -`, with `.fifo` at the end exactly when it is a FIFO queue.
pub(super) fn check(name: &str, fifo: bool) -> Result<(), Error> {
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match stem {
        Some(stem) if !stem.is_empty() && name.len() <= 80 && stem.chars().all(allowed) => Ok(()),
        _ if fifo => Err(Error::InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.".to_owned(),
        )),
        _ => Err(Error::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_queue_whatever_the_host_is_called() {
        let names = Names::new("http://127.0.0.1:4566/".to_owned(), "000000000000".to_owned());
        assert_eq!(names.url("a.fifo"), "http://127.0.0.1:4566/000000000000/a.fifo");
        assert_eq!(names.name_in_url("http://localhost:9/000000000000/a.fifo").unwrap(), "a.fifo");
        assert!(matches!(names.name_in_url("http://localhost:9/111111111111/a"), Err(Error::QueueDoesNotExist)));
        assert!(matches!(names.name_in_url("a"), Err(Error::InvalidAddress(_))));
        assert_eq!(names.name_in_arn(&names.arn("a")), Some("a"));
        assert_eq!(names.name_in_arn("arn:aws:sqs:us-east-1:111111111111:a"), None);
    }

    #[test]
    fn a_fifo_name_ends_in_fifo_and_a_standard_name_has_no_dot() {
        assert!(check("inbound.fifo", true).is_ok());
        assert!(check("inbound", true).is_err());
        assert!(check("inbound.fifo", false).is_err());
        assert!(check(".fifo", true).is_err());
        assert!(check(&"a".repeat(80), false).is_ok());
        assert!(check(&"a".repeat(81), false).is_err());
        assert!(check("", false).is_err());
    }
}
