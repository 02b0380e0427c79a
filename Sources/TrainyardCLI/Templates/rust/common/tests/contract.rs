//! Runs every rule of the contract over the built library: `trainyard check`.
use std::path::Path;
use std::process::Command;

#[test]
fn the_plugin_keeps_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let built = Command::new(cargo).args(["build", "--release"]).current_dir(folder).status();
    assert!(built.expect("cargo does not start").success());
    let trainyard = std::env::var("TRAINYARD").unwrap_or("{{trainyard}}".into());
    let checked = Command::new(trainyard).args(["check", "./target/release/lib{{name}}.so"]).current_dir(folder).status();
    assert!(checked.expect("the program trainyard is not on PATH: set TRAINYARD to its path").success());
}
