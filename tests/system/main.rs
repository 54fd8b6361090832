//! The booted-system suite: the programs where they are used.

use std::process::ExitCode;

use pager_tests::system::suite::{self, Scenario};

mod codex;
mod doctor;
mod doors;
mod faults;
mod package;
mod package_life;
mod pairing;
mod panicking;
mod polkit;
mod questions;
mod scene;
mod self_approval;
mod surroundings;

fn main() -> ExitCode {
    let scenarios: &[&[Scenario]] = &[
        surroundings::SCENARIOS,
        doors::SCENARIOS,
        questions::SCENARIOS,
        faults::SCENARIOS,
        self_approval::SCENARIOS,
        pairing::SCENARIOS,
        panicking::SCENARIOS,
        polkit::SCENARIOS,
        package::SCENARIOS,
        package_life::SCENARIOS,
        doctor::SCENARIOS,
        codex::SCENARIOS,
    ];
    suite::main(scenarios.concat())
}
