//! The model and the code, side by side: random walks through the model are performed by the real functions on a real engine.
//!
//! Every call of the code waits at a gate until the walk comes to it, so the code goes through the same interleavings, crashes
//! and lost answers. After each step the calls that wait must be those of the model, and after each write so must the table.
//! What drifts from the code fails here, with the call or the item that differs.
//!
//! | module | holds |
//! |---|---|
//! | `walk` | the steps of a walk, performed on both sides |
//! | `gate` | the client that holds the code's calls |
//! | `stage` | the real functions, as the actors |
//! | `people`, `observed` | the model's small names and tables as real ones |

mod gate;
mod observed;
mod people;
mod stage;
mod walk;

use crate::engine_table as table;

use super::scenarios;
use super::system::System;

/// Performs walks from these seeds.
async fn check(system: System, walks: u64) {
    let table = table::Table::fresh().await;
    let mut calls = 0;
    for seed in 0..walks {
        calls += walk::walk(&table, &system, seed).await;
    }
    println!("{walks} walks, {calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_takes_first_messages_as_the_model_does() {
    check(scenarios::first_message(), 8).await;
    check(scenarios::posted_twice(), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_takes_further_messages_as_the_model_does() {
    check(scenarios::two_messages(), 5).await;
    check(scenarios::two_messages_overlapping(), 5).await;
    check(scenarios::burst(true), 8).await;
    check(scenarios::burst(false), 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_numbers_tickets_as_the_model_does() {
    check(scenarios::two_people(), 5).await;
    check(scenarios::three_people(), 5).await;
    check(scenarios::two_connections(), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_claims_as_the_model_does() {
    check(scenarios::two_claims(), 8).await;
    check(scenarios::two_tickets_one_place(), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_closes_and_reopens_as_the_model_does() {
    for reopens in [false, true] {
        check(scenarios::closing_and_messages(reopens), 5).await;
        check(scenarios::resolving_and_messages(reopens), 5).await;
        check(scenarios::reopening_and_message(reopens), 5).await;
    }
    check(scenarios::cancelling_a_first_message(), 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_answers_as_the_model_does() {
    check(scenarios::answer_and_closing(), 8).await;
    check(scenarios::answer_to_a_first_message(), 8).await;
}
