//! Where ministack 1.5.33 does not do what Amazon SQS does. The behaviour's own page decides; an entry that is no longer true fails.

/// How one behaviour looks on ministack.
pub(super) struct Difference {
    pub(super) behaviour: &'static str,
    pub(super) looks: &'static str,
    /// What ministack does, in words.
    pub(super) because: &'static str,
}

const fn differs(behaviour: &'static str, looks: &'static str, because: &'static str) -> Difference {
    Difference { behaviour, looks, because }
}

#[rustfmt::skip]
pub(super) const DIFFERENCES: [Difference; 29] = [
    differs("a_trace_header_travels_and_has_a_digest_of_its_own", "absent Root=1-5759e988-bd862e3fe1be46a994272793", "gives no MD5OfMessageSystemAttributes"),
    differs("no_other_system_attribute_can_be_sent", "taken", "takes any name"),
    differs("attributes_count_against_the_size", "taken taken", "counts the body alone"),
    differs("a_message_has_at_most_ten_attributes", "taken taken", "does not count attributes"),
    differs("an_attribute_has_a_known_type_and_a_value_of_it", "taken, Number many: taken, Text: taken, empty: taken", "does not look at attributes"),
    differs("an_attributes_name_is_plain_and_not_reserved", "taken, AWS.x: taken, a..b: taken, .a: taken, a b: taken", "does not look at attributes"),
    differs("a_message_may_be_delayed_up_to_a_quarter_of_an_hour", "taken taken", "does not limit the delay of a message"),
    differs("a_standard_queue_takes_no_deduplication_id", "taken", "takes and ignores it"),
    differs("ids_are_up_to_128_visible_characters", "taken taken taken", "does not look at ids"),
    differs("an_unknown_system_attribute_is_refused", "taken", "ignores what it does not know"),
    differs("up_to_twenty_seconds_may_be_waited", "taken taken", "does not limit the wait"),
    differs("a_visibility_timeout_of_a_receive_is_up_to_twelve_hours", "taken taken taken", "does not limit the timeout"),
    differs("a_visibility_is_changed_to_at_most_twelve_hours_from_the_receive", "taken taken taken", "does not limit the timeout"),
    differs("only_a_message_in_flight_can_be_hidden", "taken", "does not look whether the message is in flight"),
    differs("a_message_that_is_gone_can_be_deleted_again", "ReceiptHandleIsInvalid", "refuses the handle of a message that is gone"),
    differs("an_old_handle_deletes_nothing_and_is_no_error_on_a_standard_queue", "ReceiptHandleIsInvalid, 0 visible, 1 in flight, 0 delayed", "refuses a handle that is not the latest"),
    differs("a_receive_that_is_tried_again_gives_the_same_messages_and_handles", "a1, then nothing, another handle, no receive", "ignores ReceiveRequestAttemptId"),
    differs("a_receive_cannot_be_tried_again_once_its_message_was_deleted", "taken", "ignores ReceiveRequestAttemptId"),
    differs("the_limit_by_group_needs_deduplication_by_group", "taken", "takes any combination"),
    differs("a_plain_fifo_queue_has_neither", "absent absent", "shows what was set alone"),
    differs("attributes_count_against_the_size_of_a_batch", "taken: a b", "counts the bodies alone"),
    differs("a_dead_letter_queue_is_of_the_same_kind", "standard for fifo: taken, fifo for standard: taken", "takes a queue of either kind"),
    differs("a_fifo_queues_name_ends_in_fifo_and_no_other_does", "fifo without: refused, standard with: taken", "makes a FIFO queue of any name that ends in .fifo"),
    differs("a_name_is_plain_and_short", "a b: taken, 81: taken, 80: taken", "takes any name"),
    differs("unknown_settings_are_refused", "taken taken", "takes and keeps them"),
    differs("a_standard_queue_has_no_fifo_settings", "taken", "takes and keeps them"),
    differs("attributes_are_given_as_asked_for", "11 attributes, VisibilityTimeout", "gives all attributes when none was asked for"),
    differs("an_unknown_attribute_is_not_asked_for", "taken", "ignores what it does not know"),
    differs("a_queue_is_purged_once_a_minute", "taken taken", "purges as often as it is asked to"),
];
