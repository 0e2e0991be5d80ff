//! What the board, a stage and a run look like.

use greenroom_core::history::Entry;
use greenroom_core::stage::Outcome;
use serde_json::json;

use super::program::Place;
use super::samples::{
    ago, app, board, deploying, empty, gated, green, queued, red, revision, run, troubled,
};

#[test]
fn the_board_shows_every_stage_and_what_needs_a_person() {
    let place = Place::new();
    place.server.on("GET /api/v1/board", 200, board(troubled()));
    insta::assert_snapshot!("board_80", place.run("status").shown());
    insta::assert_snapshot!("board_40", place.run_wide("status", 40).stdout);
    insta::assert_snapshot!("board_200", place.run_wide("status", 200).stdout);
}

#[test]
fn the_board_in_json_is_what_the_server_said() {
    let place = Place::new();
    let said = board(troubled());
    place.server.on("GET /api/v1/board", 200, said.clone());
    let ran = place.run("status --json");
    assert_eq!(ran.json(), said);
    assert!(!ran.stdout.contains('\u{1b}'));
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_empty_board_says_how_to_fill_it() {
    let place = Place::new();
    place.server.on(
        "GET /api/v1/board",
        200,
        json!({ "schema": "board/v1", "now": ago(0), "apps": [] }),
    );
    let ran = place.run("status");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("greenroom app add OWNER/REPO"));
}

#[test]
fn colour_comes_only_when_asked_for_and_symbols_always() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/stages/prod", 200, json!(red("prod")));
    let plain = place.run("status prod");
    assert!(plain.stdout.contains('✕') && !plain.stdout.contains('\u{1b}'));
    let coloured = place.run("status prod --color always");
    assert!(coloured.stdout.contains("\u{1b}["));
}

#[test]
fn the_exit_code_of_status_says_how_the_stages_are() {
    let place = Place::new();
    let stages = [
        ("green", green("green"), 0),
        ("red", red("red"), 3),
        ("deploying", deploying("deploying"), 8),
        ("empty", empty("empty"), 8),
    ];
    for (name, card, exit) in stages {
        place
            .server
            .on(&format!("GET /api/v1/stages/{name}"), 200, json!(card));
        assert_eq!(
            place.run(&format!("status {name} --exit-code")).exit,
            exit,
            "{name}"
        );
        assert_eq!(place.run(&format!("status {name}")).exit, 0, "{name}");
    }
    place.server.on(
        "GET /api/v1/board",
        200,
        board(app(vec![green("dev"), empty("alice")])),
    );
    assert_eq!(place.run("status --exit-code").exit, 0);
}

#[test]
fn a_stage_of_one_app_among_several_is_asked_for_by_name() {
    let place = Place::new();
    place.server.on(
        "GET /api/v1/stages/prod?app=acme%2Forders",
        200,
        json!(green("prod")),
    );
    assert_eq!(place.run("status acme/orders:prod").exit, 0);
    assert_eq!(place.run("status prod --app acme/orders").exit, 0);
}

#[test]
fn why_tells_every_wait_with_who_and_which_command() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/stages/prod", 200, json!(gated("prod")));
    insta::assert_snapshot!("why_gated", place.run("why prod").shown());
}

#[test]
fn why_shows_who_waits_in_line_and_what_gave_way() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/stages/dev", 200, json!(queued("dev")));
    insta::assert_snapshot!("why_queued", place.run("why dev").shown());
}

#[test]
fn why_tells_the_last_failure_with_its_tests() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/stages/preprod", 200, json!(red("preprod")));
    let ran = place.run("why preprod");
    insta::assert_snapshot!("why_red", ran.shown());
    assert!(
        !ran.stdout.contains('\u{1b}'),
        "a test's message steers the terminal"
    );
    let json = place.run("why preprod --json").json();
    assert_eq!(json["schema"], "why/v1");
    assert_eq!(json["break"]["reds"], 2);
}

#[test]
fn the_log_reads_downwards() {
    let place = Place::new();
    let entry = |seconds, text: &str, generation| Entry {
        at: ago(seconds),
        code: "claimed".to_owned(),
        text: text.to_owned(),
        generation,
    };
    let newest_first = [
        entry(30, "alice locked it: \u{1b}]0;gotcha\u{7}demo", None),
        entry(90, "run 12 succeeded", Some(12)),
        entry(150, "run 12 deploys aaaaaaaa", Some(12)),
    ];
    place.server.on(
        "GET /api/v1/stages/dev/log?limit=50",
        200,
        json!(newest_first),
    );
    insta::assert_snapshot!("log", place.run("log dev").shown());
    let json = place.run("log dev --json").json();
    assert_eq!(json["entries"][0]["text"], "run 12 deploys aaaaaaaa");
}

#[test]
fn a_run_is_told_with_its_tests_and_what_its_steps_wrote() {
    let place = Place::new();
    place.server.on(
        "GET /api/v1/runs/dev/12",
        200,
        json!(run('b', Outcome::Failed)),
    );
    let steps =
        json!([{ "step": "build", "text": "make: ok\n  \u{1b}[1mindented\u{1b}[0m\n\nlast\n" }]);
    place.server.on("GET /api/v1/runs/dev/12/log", 200, steps);
    insta::assert_snapshot!("run", place.run("log dev --run 12").shown());
}

#[test]
fn a_commit_is_followed_to_its_stages() {
    let place = Place::new();
    let leg = |stage: &str, state: &str, carrier: Option<char>| {
        json!({ "stage": stage, "state": state, "revision": carrier.map(revision), "since": null,
            "generation": null, "health": null, "after": null, "until": null, "why": null,
            "unknown": null })
    };
    let also = |mut leg: serde_json::Value, more: serde_json::Value| {
        for (key, value) in more.as_object().into_iter().flatten() {
            leg[key] = value.clone();
        }
        leg
    };
    let here = json!({ "since": ago(3_700), "generation": 4, "health": "green" });
    let red = json!({ "since": ago(90), "generation": 9, "health": "red" });
    let why = json!({ "code": "soaking", "sentence": "it soaks", "who": "Greenroom",
        "command": null, "until": null });
    let stages = json!([
        also(leg("dev", "here", Some('a')), here),
        also(leg("qa", "here", Some('b')), red),
        also(
            leg("stress", "under_way", Some('a')),
            json!({ "since": ago(5), "generation": 2 })
        ),
        also(
            leg("preprod", "waiting", Some('b')),
            json!({ "since": ago(200), "why": why })
        ),
        also(
            leg("prod", "comes", Some('b')),
            json!({ "after": "preprod" })
        ),
        leg("demo", "selectable", Some('a')),
        also(
            leg("bob", "gone", None),
            json!({ "since": ago(90_000), "generation": 3 })
        ),
        leg("carla", "not_on_the_way", None),
        also(
            leg("dana", "unknown", None),
            json!({ "unknown": "git is away\u{1b}[2J" })
        ),
    ]);
    let way = json!({ "app": 7, "name": "acme/orders", "revision": revision('a'),
        "reference": "refs/heads/feature/x", "subject": "Add coupons", "author": "Bob Okafor",
        "at": ago(4_000), "stages": stages });
    place
        .server
        .on("GET /api/v1/journey?release=feature%2Fx", 200, json!([way]));
    insta::assert_snapshot!("journey", place.run("journey feature/x").shown());
}

#[test]
fn two_stages_are_compared_without_telling_a_secret() {
    let place = Place::new();
    let side = |stage: &str, digit: char, commits: serde_json::Value| {
        let digest = format!("sha256:{}", digit.to_string().repeat(64));
        json!({ "stage": stage, "health": "green", "revision": revision(digit),
            "artifact": digest, "since": ago(7_300), "commits": commits, "truncated": false })
    };
    let commit = json!([{ "revision": revision('a'), "author": "Bob Okafor",
        "subject": "Add coupons", "at": ago(4_000) }]);
    let variables = json!([
        { "name": "LOG_LEVEL", "from": { "text": "debug" }, "to": { "text": "warning" } },
        { "name": "TOKEN", "from": { "secret": "bank-qa" }, "to": null },
    ]);
    let two = json!({ "app": 7, "name": "acme/orders", "from": side("qa", 'a', commit),
        "to": side("prod", 'b', json!([])), "same_artifact": false, "unknown": null,
        "variables": variables });
    place
        .server
        .on("GET /api/v1/diff?from=qa&to=prod&app=orders", 200, two);
    insta::assert_snapshot!("diff", place.run("diff orders:qa prod").shown());
}

#[test]
fn watching_shows_the_board_again_only_when_it_changed() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let place = Place::new();
    for stages in [vec![green("dev")], vec![green("dev")], vec![red("dev")]] {
        place.server.on("GET /api/v1/board", 200, fixed(stages));
    }
    let mut command = place.command("status --watch --json --data data");
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let boards: Vec<serde_json::Value> = lines
        .take(2)
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect();
    child.kill().expect("stopped");
    child.wait().expect("ended");
    let health = |board: &serde_json::Value| board["apps"][0]["stages"][0]["health"].clone();
    assert_eq!(
        boards.iter().map(health).collect::<Vec<_>>(),
        ["green", "red"]
    );
}

/// A board whose instants are the same each time, so that only the stages make a change.
fn fixed(stages: Vec<greenroom_app::query::StageCard>) -> serde_json::Value {
    let stages = stages
        .into_iter()
        .map(|card| greenroom_app::query::StageCard {
            deployed: None,
            green_since: None,
            last: None,
            ..card
        });
    board(app(stages.collect()))
}
