use std::time::Duration;

use aws_sdk_secretsmanager::primitives::Blob;
use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_aws::secrets::{Ages, AwsSecrets, WebhookSecrets};
use greenroom_core::name::SecretName;
use greenroom_emulators::proxy::Fault;
use greenroom_github::{Matched, SignatureError, verify};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use crate::Site;

/// So old that a value is read anew at each use.
const NEVER_KEPT: Ages = Ages {
    keep: Duration::ZERO,
    again: Duration::ZERO,
};

async fn create(site: &Site, name: &str, value: &str) {
    let asked = site.beside.secrets_manager().create_secret();
    let asked = asked.name(name).secret_string(value);
    asked.send().await.expect("the secret is made");
}

async fn rotate(site: &Site, name: &str, value: &str) {
    let asked = site.beside.secrets_manager().put_secret_value();
    let asked = asked.secret_id(name).secret_string(value);
    asked.send().await.expect("the secret is rotated");
}

async fn value(secrets: &AwsSecrets, name: &str) -> String {
    let value = secrets.get(&SecretName::from(name)).await;
    value.expect("there is a value").expose_secret().to_owned()
}

pub async fn a_secret_is_found_under_its_prefix_and_kept(site: Site) {
    create(&site, "kept/orders/db", "swordfish").await;
    let secrets = AwsSecrets::new(&site.connection, "kept/");
    assert_eq!(value(&secrets, "orders/db").await, "swordfish");
    rotate(&site, "kept/orders/db", "two").await;
    assert_eq!(value(&secrets, "orders/db").await, "swordfish");
    assert_eq!(site.proxy.count("GetSecretValue").calls, 1);
    assert!(!format!("{secrets:?}").contains("swordfish"), "{secrets:?}");
}

pub async fn an_old_value_is_not_used_beyond_its_age(site: Site) {
    create(&site, "aged/token", "one").await;
    let secrets = AwsSecrets::with_ages(&site.connection, "aged/", NEVER_KEPT);
    assert_eq!(value(&secrets, "token").await, "one");
    rotate(&site, "aged/token", "two").await;
    assert_eq!(value(&secrets, "token").await, "two");
    site.proxy.always("GetSecretValue", Fault::Throttle);
    let refused = secrets.get(&SecretName::from("token")).await.map(|_| ());
    assert!(
        matches!(refused, Err(SecretError::Unavailable { .. })),
        "{refused:?}"
    );
}

pub async fn what_is_not_there_says_what_to_do(site: Site) {
    let secrets = AwsSecrets::new(&site.connection, "absent/");
    let error = secrets
        .get(&SecretName::from("orders/db"))
        .await
        .map(|_| ());
    let said = error.expect_err("there is none").to_string();
    let expected = "the secret `orders/db` is not there: create the secret `absent/orders/db` in Secrets Manager of us-east-1";
    assert!(said.starts_with(expected), "{said}");
    let bytes = site
        .beside
        .secrets_manager()
        .create_secret()
        .name("absent/bytes");
    let made = bytes.secret_binary(Blob::new([1, 2])).send().await;
    made.expect("the secret is made");
    let error = secrets.get(&SecretName::from("bytes")).await.map(|_| ());
    assert!(
        matches!(error, Err(SecretError::Missing { .. })),
        "{error:?}"
    );
    site.proxy.once(
        "GetSecretValue",
        Fault::Refuse {
            status: 400,
            code: "AccessDeniedException",
        },
    );
    let error = secrets.get(&SecretName::from("other")).await.map(|_| ());
    match error {
        Err(SecretError::Missing { how, .. }) => {
            assert!(
                how.starts_with("let this function read `absent/other`"),
                "{how}"
            );
        }
        other => panic!("{other:?}"),
    }
}

const BODY: &[u8] = b"{\"ref\":\"refs/heads/main\"}";

fn signed(secret: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(BODY);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes())).into_bytes()
}

fn fits(secrets: &greenroom_github::Secrets, secret: &str) -> Result<Matched, SignatureError> {
    verify(Some(&signed(secret)), BODY, secrets)
}

pub async fn a_webhook_secret_lives_on_beside_the_next_one(site: Site) {
    create(&site, "hook/rotated", "one").await;
    let secrets = WebhookSecrets::with_ages(&site.connection, "hook/rotated", NEVER_KEPT);
    let first = secrets.get().await.expect("there is one");
    assert_eq!(fits(&first, "one"), Ok(Matched::Current));
    rotate(&site, "hook/rotated", "two").await;
    let second = secrets.get().await.expect("there are two");
    assert_eq!(fits(&second, "two"), Ok(Matched::Current));
    assert_eq!(fits(&second, "one"), Ok(Matched::Previous));
    rotate(&site, "hook/rotated", "three").await;
    let third = secrets.get().await.expect("there are two");
    assert_eq!(fits(&third, "two"), Ok(Matched::Previous));
    assert_eq!(fits(&third, "one"), Err(SignatureError::Wrong));
}

pub async fn a_signature_that_does_not_fit_reads_anew_but_not_always(site: Site) {
    create(&site, "hook/again", "one").await;
    let ages = Ages {
        again: Duration::ZERO,
        ..Ages::default()
    };
    let eager = WebhookSecrets::with_ages(&site.connection, "hook/again", ages);
    let patient = WebhookSecrets::new(&site.connection, "hook/again");
    for secrets in [&eager, &patient] {
        secrets.get().await.expect("there is one");
    }
    rotate(&site, "hook/again", "two").await;
    site.proxy.forget_counts();
    let kept = eager.get().await.expect("it is kept");
    assert_eq!(fits(&kept, "two"), Err(SignatureError::Wrong));
    assert_eq!(site.proxy.count("GetSecretValue").calls, 0);
    let fresh = eager
        .refresh()
        .await
        .expect("it can be read")
        .expect("and is");
    assert_eq!(fits(&fresh, "two"), Ok(Matched::Current));
    let kept = eager.get().await.expect("it is kept");
    assert_eq!(fits(&kept, "two"), Ok(Matched::Current));
    // It was rotated less than half a minute after it had been read for the first time.
    let fresh = patient.refresh().await.expect("it can be read");
    let fresh = fresh.expect("no signature had it read yet");
    assert_eq!(fits(&fresh, "two"), Ok(Matched::Current));
    // The next that does not fit is no reason to read it so soon.
    site.proxy.forget_counts();
    assert!(patient.refresh().await.expect("nothing is asked").is_none());
    assert_eq!(site.proxy.count("GetSecretValue").calls, 0);
    // A reading that failed is one as well, for whoever floods us.
    let down = WebhookSecrets::new(&site.connection, "hook/again");
    site.proxy.always("GetSecretValue", Fault::Throttle);
    let refused = down.refresh().await.map(|_| ());
    assert!(
        matches!(refused, Err(SecretError::Unavailable { .. })),
        "{refused:?}"
    );
    site.proxy.forget_counts();
    assert!(down.refresh().await.expect("nothing is asked").is_none());
    assert_eq!(site.proxy.count("GetSecretValue").calls, 0);
}

pub async fn a_blank_webhook_secret_is_refused(site: Site) {
    create(&site, "hook/blank", " ").await;
    let secrets = WebhookSecrets::with_ages(&site.connection, "hook/blank", NEVER_KEPT);
    let refused = secrets.get().await.map(|_| ());
    assert!(
        matches!(refused, Err(SecretError::Missing { .. })),
        "{refused:?}"
    );
    rotate(&site, "hook/blank", "real").await;
    let real = secrets
        .get()
        .await
        .expect("the blank one is only the previous");
    assert_eq!(fits(&real, "real"), Ok(Matched::Current));
    assert_eq!(fits(&real, " "), Err(SignatureError::Wrong));
}
