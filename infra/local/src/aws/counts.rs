//! How many calls of each operation each caller has made since the host started: what a bill of AWS would list.
//!
//! Calls that were refused for want of a permission are not counted; what AWS does by itself, such as the receives of an event
//! source mapping, is no call of anybody here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Service;
use super::caller::Caller;

/// Counts by caller and operation: `IngestFunction dynamodb:PutItem`.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    pub(super) fn add(&self, caller: &Caller, service: &Service<'_>) {
        match service {
            Service::Table(operation) => self.add_operation(caller, "dynamodb", operation),
            Service::Queues(operation) => self.add_operation(caller, "sqs", operation),
            Service::Secret => self.add_operation(caller, "secretsmanager", "GetSecretValue"),
            Service::Invoke(_) => self.add_operation(caller, "lambda", "Invoke"),
        }
    }

    pub(crate) fn add_operation(&self, caller: &Caller, service: &str, operation: &str) {
        let name = format!("{} {service}:{operation}", caller.function().unwrap_or("operator"));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    /// What was counted until now.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_caller_and_operation() {
        let counts = Counts::default();
        for operation in ["SendMessage", "SendMessage", "ReceiveMessage"] {
            counts.add(&Caller::Operator, &Service::Queues(operation));
        }
        counts.add(&Caller::Operator, &Service::Secret);
        let counted: Vec<(String, u64)> = counts.all().into_iter().collect();
        let expected = [("secretsmanager:GetSecretValue", 1), ("sqs:ReceiveMessage", 1), ("sqs:SendMessage", 2)];
        assert_eq!(counted, expected.map(|(name, count)| (format!("operator {name}"), count)));
    }
}
