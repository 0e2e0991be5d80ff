//! Telegram is away when a stage breaks.

use std::time::Instant;

use greenroom_emulators::proxy::Fault;
use greenroom_testkit::sample_repo::{BOB, Edit};

use super::{green, is_green_with};
use crate::app::{LOOK, PATIENCE};
use crate::heard::Heard;
use crate::samples::{ILL, UP, WELL};
use crate::site::alone_on_site;

#[test]
fn a_break_while_telegram_is_away_is_told_by_the_topic_and_by_telegram_when_it_is_back() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "unheard").await;
        let mut heard = Heard::of(&site, &app.name).await;
        site.to_telegram.forget_counts();
        site.to_telegram.always("*", Fault::LoseRequest);
        let ill = [Edit::write(UP, ILL)];
        let bad = app.commit("develop", &BOB, "Break it", &ill);
        app.pushed("develop", &before, &BOB).await;
        app.stage("dev", |stage| stage["health"] == "red").await;
        heard.until(&site, 0, 1, false).await;
        let tries = || {
            let counts = site.to_telegram.counts();
            counts.values().map(|it| it.calls).sum::<u64>()
        };
        let since = Instant::now();
        while tries() < 2 {
            assert!(since.elapsed() < PATIENCE, "it is not tried again");
            site.tick().await.expect("it ticks");
            tokio::time::sleep(LOOK).await;
        }
        assert!(heard.telegram.is_empty(), "{:#?}", heard.telegram);
        site.to_telegram.calm();
        heard.until(&site, 1, 1, true).await;
        let well = [Edit::write(UP, WELL)];
        let good = app.commit("develop", &BOB, "Mend it", &well);
        app.pushed("develop", &bad, &BOB).await;
        app.stage("dev", is_green_with(&good)).await;
        heard.until(&site, 2, 2, true).await;
        for texts in [&heard.telegram, &heard.topic] {
            assert_eq!(texts.len(), 2, "{texts:#?}");
            assert!(texts[0].contains("broke"), "{}", texts[0]);
            assert!(texts[1].contains("green again"), "{}", texts[1]);
        }
    });
}
