//! The whole suite once more, on engines that others wrote: this test binary, started again with their endpoint.

use std::process::Command;

use engines::Engine;

fn runs_on(engine: Option<Engine>) {
    let Some(engine) = engine else { return };
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "elsewhere::"])
        .env("TURNO_DYNAMODB", engine.url())
        .output()
        .unwrap();
    let told = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    println!("on {}:{told}", engine.url());
    assert!(run.status.success());
    assert!(!told.contains(" 0 passed"), "nothing ran");
}

#[test]
fn the_whole_suite_holds_on_ministack() {
    runs_on(engines::ministack());
}

#[test]
fn the_whole_suite_holds_on_dynamodb_local() {
    runs_on(engines::dynamodb_local());
}
