//! Contracts of reading a stage file.

use super::*;

const DESIGN: &str = include_str!("../../tests/valid/design.yaml");

fn parse(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).unwrap_or_else(|all| panic!("{all}"))
}

#[test]
fn the_example_of_the_design_holds() {
    let file = parse(DESIGN);
    for w in &file.warnings {
        println!("{w:?}");
    }
    let names: Vec<&str> = file.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["local", "personal", "dev", "preprod", "prod"]);
}
