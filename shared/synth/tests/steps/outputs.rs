//! Outputs, as the pipelines of one machine read them.

use crate::codebuild::{Ended, Machine};

const FILE: &str = r#"
version: 1
app: acme/orders
variables:
  all: { TOKEN: "${secret:orders/token}" }
pipelines:
  service:
    steps:
      - { name: one, run: "cp told $GREENROOM_OUTPUT", outputs: [A, URL, NOTES, EMPTY, NONE] }
      - { name: two, run: "[ ! -e again ] || cp again $GREENROOM_OUTPUT", outputs: [B] }
stages:
  dev: { from: { branch: main }, pipeline: service, variables: [all] }
"#;

fn told(text: &[u8]) -> (Machine, Ended) {
    let mut machine = Machine::new(FILE, "ProjectStageDev");
    machine.set("GREENROOM_SECRET_TOKEN", "correct horse\nbattery staple 1");
    std::fs::write(machine.checkout().join("told"), text).expect("written");
    let ended = machine.run();
    (machine, ended)
}

#[test]
fn both_forms_are_read() {
    let text = "URL=http://x/?a=b<<c\n\nNOTES<<END\none=1\n\ntwo'$(id)\\n\nEND\nEMPTY=\r\nNONE<<E\nE\nA=1\nA=2";
    let (_, ended) = told(text.as_bytes());
    assert!(ended.succeeded, "{}", ended.log);
    assert_eq!(ended.told("URL"), "http://x/?a=b<<c");
    assert_eq!(ended.told("NOTES"), "one=1\n\ntwo'$(id)\\n");
    assert_eq!((ended.told("EMPTY"), ended.told("NONE")), ("", ""));
    assert_eq!(ended.told("A"), "2", "the last word counts");
    let (_, ended) = told("NOTES<<END\n\nx\n\nEND\nA=é \u{1F600} '\"\\".as_bytes());
    assert_eq!(ended.told("NOTES"), "\nx\n");
    assert_eq!(ended.told("A"), "é \u{1F600} '\"\\");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let long = format!("A={}\n", "x".repeat(4097));
    let name = format!("{}=1\n", "x".repeat(65));
    let cases: [(&[u8], &str); 11] = [
        (b"A=1\nhello\n", "line 2 of the output file is neither"),
        (b"A<<END\nnever", "no line `END` ends"),
        (b"A<<\n", "without the word"),
        (b"a b=1", "`a b` for a name"),
        (b"=1", "for a name"),
        (b"1A=1", "for a name"),
        (b"A=\xff", "not UTF-8"),
        (b"A=\0", "not UTF-8"),
        (long.as_bytes(), "more than 4096 bytes"),
        (name.as_bytes(), "for a name"),
        (&[b'\n'; 65537], "more than 65536 bytes"),
    ];
    for (text, words) in cases {
        let (_, ended) = told(text);
        assert!(!ended.succeeded, "{words}");
        let failure = ended.told("GREENROOM_FAILURE");
        assert!(
            failure.starts_with("step: ") && failure.contains(words),
            "{words}: {failure} {}",
            ended.log
        );
        assert_eq!(ended.told("GREENROOM_STEP"), "one");
    }
}

#[test]
fn only_a_real_file_is_read() {
    let file = |run: &str| FILE.replace("cp told $GREENROOM_OUTPUT", run);
    let cases = [
        ("rm $GREENROOM_OUTPUT", true),
        ("ln -sf /etc/passwd $GREENROOM_OUTPUT", false),
        ("rm $GREENROOM_OUTPUT; mkfifo $GREENROOM_OUTPUT", false),
        ("rm $GREENROOM_OUTPUT; mkdir $GREENROOM_OUTPUT", false),
    ];
    for (run, good) in cases {
        let ended = Machine::new(&file(run), "ProjectStageDev").run();
        assert_eq!(ended.succeeded, good, "{run}: {}", ended.log);
    }
}

#[test]
fn only_declared_outputs_without_secrets_are_taken() {
    let text = b"OTHER=1\nA=it is correct horse\nURL=x battery staple 1\nNOTES=fine\nPATH=/x\n";
    let (machine, ended) = told(text);
    assert!(ended.succeeded, "{}", ended.log);
    assert!(
        ended
            .log
            .contains("output OTHER is not taken, the step does not declare it")
    );
    // The whole secret is of two lines; the second of them is long enough to be one by itself.
    assert!(
        ended
            .log
            .contains("output URL is not taken, it holds a secret"),
        "{}",
        ended.log
    );
    assert!(!ended.told.contains_key("URL") && !ended.told.contains_key("OTHER"));
    assert_eq!(ended.told("NOTES"), "fine");
    assert!(
        !ended.log.contains("battery"),
        "a value is never shown: {}",
        ended.log
    );
    drop(machine);
}

#[test]
fn outputs_of_all_steps_together_are_bounded() {
    let mut machine = Machine::new(FILE, "ProjectStageDev");
    machine.set("GREENROOM_SECRET_TOKEN", "s");
    machine.write("told", "A=1\n");
    machine.write("again", "B=3\n");
    let ended = machine.run();
    assert_eq!(
        (ended.told("A"), ended.told("B")),
        ("1", "3"),
        "{}",
        ended.log
    );
    // Eight of almost 4096 bytes are just too many with their names.
    let names: Vec<String> = (0..8).map(|n| format!("OUT{n}")).collect();
    let file = FILE.replace("[B]", &format!("[{}]", names.join(", ")));
    let machine = Machine::new(&file, "ProjectStageDev");
    machine.write("told", "");
    let text = |bytes| {
        names
            .iter()
            .map(|n| format!("{n}={}\n", "x".repeat(bytes)))
            .collect::<String>()
    };
    machine.write("again", &text(4092));
    assert!(machine.run().succeeded);
    machine.write("again", &text(4093));
    let ended = machine.run();
    assert_eq!(
        ended.told("GREENROOM_FAILURE"),
        "step: the outputs have more than 32768 bytes in all"
    );
}
