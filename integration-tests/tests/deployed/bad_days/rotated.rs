//! The webhook's secret is rotated while webhooks flow.

use greenroom_testkit::sample_repo::BOB;
use serde_json::json;

use super::green;
use crate::app::new_delivery;
use crate::site::{SECRET, Site, alone_on_site};

const NEXT: &str = "what GitHub signs with from now on";
/// Webhooks before, between and after.
const FLOW: usize = 5;

#[test]
fn no_webhook_is_refused_while_the_secret_is_rotated() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "rotated").await;
        let push = app.push("develop", &before, &BOB);
        let flow = async |secret: &str| {
            for _ in 0..FLOW {
                let answer = site.signed(secret, "push", &new_delivery(), &push).await;
                assert_eq!(answer.status, 202, "{secret}: {}", answer.body);
            }
        };
        flow(SECRET).await;
        put(&site, NEXT).await;
        // GitHub is told a little later.
        flow(SECRET).await;
        flow(NEXT).await;
        let forged = site.signed("made up", "push", &new_delivery(), &push).await;
        assert_eq!(forged.status, 401, "{}", forged.body);
        // Other tests sign with the first.
        put(&site, SECRET).await;
        flow(NEXT).await;
        flow(SECRET).await;
    });
}

async fn put(site: &Site, secret: &str) {
    let asked = json!({ "SecretId": "greenroom/webhook", "SecretString": secret });
    let target = "secretsmanager.PutSecretValue";
    site.wire.json(target, &asked).await;
}
