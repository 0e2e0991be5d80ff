//! A clock that did not tick for three hours.
//!
//! Nobody can set AWS's clock. So whatever the table says of instants is made three hours older, markers
//! and all, and then it is as if that much time had passed since.

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::BOB;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{is_green_with, runs};
use crate::app::App;
use crate::site::{Site, alone_on_site};
use crate::table;

const AWAY: SignedDuration = SignedDuration::from_hours(3);
/// What soaks and is locked is so for less than that.
const LOCKED: SignedDuration = SignedDuration::from_hours(2);

#[test]
fn after_three_hours_without_a_tick_one_tick_does_what_is_overdue_and_each_of_it_once() {
    alone_on_site(async |site| {
        // Half an hour from now, so that no slot is due by itself while this runs.
        let now = Timestamp::now().as_second().rem_euclid(3600) / 60;
        let minute = (now + 30) % 60;
        let further = format!(
            r#"  spare: {{ from: {{ branch: spare }}, pipeline: light, verify: [up] }}
  hourly: {{ from: {{ branch: master, refresh: {{ cron: "{minute} * * * *", timezone: UTC }} }}, pipeline: light, verify: [up] }}
  prod: {{ from: {{ promote: dev }}, pipeline: light, soak: 2h, verify: [up] }}
"#
        );
        let app = App::light_and(&site, "missed-ticks", &further).await;
        app.apply().await;
        let made = app.repository.branch("spare", "master");
        made.expect("it is new");
        let until = Timestamp::now() + LOCKED;
        let lock = json!({ "command": "lock", "reason": "not now", "until": until });
        let locked = app.command("spare", lock).await;
        assert_eq!(locked.status, 200, "{}", locked.body);
        app.pushed("spare", ZEROS, &BOB).await;
        app.pushed("develop", ZEROS, &BOB).await;
        let head = app.repository.head("develop").expect("it is there");
        app.stage("dev", is_green_with(&head)).await;
        app.stage("prod", waits_for("soaking")).await;
        app.stage("spare", waits_for("locked")).await;
        let key = app.key().await;
        app.quiet().await;
        let executions = app.executions();
        assert_eq!(executions, 2, "one build is for all, and dev");

        hours_pass(&site, &key).await;
        site.tick().await.expect("it ticks");
        // Nothing ticks from here on.
        for stage in ["prod", "spare", "hourly"] {
            app.stage(stage, is_green_with(&head)).await;
        }
        app.quiet().await;
        assert_eq!(app.executions() - executions, 3, "each once");
        let hourly = app.stage("hourly", |_| true).await;
        let skipped = &hourly["refresh_skipped"];
        assert_eq!(skipped["missed"], 2, "of three slots two: {hourly:#}");

        site.tick().await.expect("it ticks");
        site.stand_in.told_all().await;
        app.quiet().await;
        assert_eq!(app.executions() - executions, 3, "and not again");
        for stage in ["dev", "prod", "spare", "hourly"] {
            let stage = app.stage(stage, |_| true).await;
            assert_eq!(runs(&stage), 1, "{stage:#}");
        }
    });
}

fn waits_for(code: &str) -> impl Fn(&Value) -> bool {
    move |stage| {
        let waits = stage["waiting_on"].as_array();
        let mut waits = waits.into_iter().flatten();
        !stage["candidate"].is_null() && waits.any(|wait| wait["code"] == code)
    }
}

/// Makes whatever is known of an app three hours older.
async fn hours_pass(site: &Site, app: &str) {
    let own = format!("app#{app}");
    let of_stages = format!("{own}#");
    for item in table::items(site, &own).await {
        let (partition, sort) = table::key(&item);
        let is_own = partition == own || partition.starts_with(&of_stages);
        // The log is for people, and how far a pipeline was looked through is by its own clock.
        let is_theirs = ["log#", "pipeline#", "config#"]
            .iter()
            .any(|it| sort.starts_with(it));
        if is_own && !is_theirs {
            let mut record = table::record(&item);
            older(&mut record);
            let mut item = item.clone();
            item["d"] = table::attribute(&record);
            table::put(site, &item).await;
        }
    }
    let mine = format!("#{app}#");
    let mut markers = 0;
    for item in table::items(site, "due#").await {
        let (_, sort) = table::key(&item);
        let (at, name) = sort.split_once('#').expect("an instant and a name");
        if name.contains(&mine) {
            let at: i128 = at.parse().expect("a number");
            let mut earlier = item.clone();
            earlier["sk"] = json!({ "S": format!("{:015}#{name}", at - AWAY.as_millis()) });
            table::put(site, &earlier).await;
            table::delete(site, &item).await;
            markers += 1;
        }
    }
    assert!(
        markers >= 3,
        "prod, spare and hourly wait for their time: {markers}"
    );
}

/// Each instant in a record becomes that much older.
fn older(record: &mut Value) {
    match record {
        Value::String(text) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                *text = (at - AWAY).to_string();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(older),
        Value::Object(fields) => fields.values_mut().for_each(older),
        _ => {}
    }
}
