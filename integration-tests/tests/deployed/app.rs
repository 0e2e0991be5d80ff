//! An app of one test: its repository on GitHub, under control, with its pipelines applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use greenroom_app::App as Control;
use greenroom_aws::connect::{Connection, Endpoints};
use greenroom_aws::ports::{AwsPorts, settings};
use greenroom_aws::store::DynamoStore;
use greenroom_core::name::RepoName;
use greenroom_core::principal::Principal;
use greenroom_core::stage_file::StageFile;
use greenroom_emulators::github::Hosted;
use greenroom_emulators::ministack::{REGION, ROOT};
use greenroom_synth::{Options, Rendered, synth};
use greenroom_testkit::fake_telegram::FakeTelegram;
use greenroom_testkit::github_payloads::Repository;
use greenroom_testkit::sample_repo::{Author, SampleRepo};
use serde_json::{Value, json};

use crate::site::Site;

/// Ids of repositories and deliveries; no two tests share one.
static NEXT: AtomicU64 = AtomicU64::new(4711);
/// How long something may take that needs no waiting; a machine with much to do is slow.
const PATIENCE: Duration = Duration::from_secs(100);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// An app under control.
pub struct App {
    pub site: Arc<Site>,
    /// `acme/...`
    pub name: String,
    pub repository: SampleRepo,
    id: u64,
    /// Its stage file, before anybody changes it.
    file: StageFile,
}

impl App {
    /// Takes a repository of the sample under control, as `greenroom app add` does.
    pub async fn add(site: &Arc<Site>, name: &str) -> Self {
        let services = site.services(name).display().to_string();
        let breaks = site.outputs.get("Breaks");
        let mut text = String::new();
        let made = SampleRepo::create_with(&site.folder().join(name), |sample| {
            text = on_aws(sample, name, &services, breaks);
            text.clone()
        });
        let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("it holds");
        let app = Self {
            site: Arc::clone(site),
            name: format!("acme/{name}"),
            repository: made.expect("git works"),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            file,
        };
        site.github.host(Hosted {
            id: app.id,
            name: app.name.clone(),
            folder: app.repository.folder().to_owned(),
        });
        let asked = json!({ "name": app.name, "id": app.id });
        let added = site.api("POST", "/api/v1/apps", Some(asked)).await;
        assert_eq!(added.status, 200, "{}\n{}", added.body, site.said());
        app
    }

    /// Deploys the pipelines of its stage file and records that, as `greenroom apply` does.
    pub async fn apply(&self) {
        let options = Options {
            app: RepoName::new(&self.name),
            branch: "master".to_owned(),
            secret_prefix: "greenroom/stages/".to_owned(),
        };
        let rendered = synth(&self.file, &options).expect("it can be rendered");
        let connection = "arn:aws:codeconnections:us-east-1:000000000000:connection/x";
        let values: BTreeMap<String, String> = [
            ("Connection", connection),
            ("AdmissionFunction", self.site.outputs.get("Admission")),
            ("Artifacts", self.site.outputs.get("Artifacts")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let loaded = self.site.stand_in.load(&rendered.template, &values);
        loaded.expect("the pipelines can be made");
        self.record(&rendered).await;
    }

    /// What `greenroom apply` would tell the API, written into the table as the API writes it.
    async fn record(&self, rendered: &Rendered) {
        let credentials = Credentials::new(ROOT.0, ROOT.1, None, None, "test");
        let url = self.site.aws().url().to_owned();
        let connection = Connection::new(REGION, credentials, Endpoints::all(url));
        let store = DynamoStore::new(&connection, self.site.outputs.get("Table"));
        let control = Control::new(AwsPorts::new(store), settings());
        let app = control
            .find_app(Some(&self.name))
            .await
            .expect("it is there");
        let definitions = rendered.definitions.iter();
        let applied = definitions
            .map(|it| (it.name.clone(), it.hash.clone()))
            .collect();
        let by = Principal::Operator {
            name: "olga".to_owned(),
        };
        let recorded = control.apply_pipelines(app.id, &by, &applied).await;
        recorded.expect("the table takes it").expect("she may");
    }

    /// The body of the webhook about a branch that is there.
    pub fn push(&self, branch: &str, before: &str, pusher: &Author) -> String {
        let github = Repository::new(self.id, &self.name, "master");
        let push = self.repository.push(github, branch, before, pusher);
        push.expect("git knows the branch").body()
    }

    /// Sends that webhook, and answers the delivery's id.
    pub async fn pushed(&self, branch: &str, before: &str, pusher: &Author) -> String {
        let push = self.push(branch, before, pusher);
        let delivery = new_delivery();
        let answer = self.site.webhook("push", &delivery, &push).await;
        assert_eq!(answer.status, 202, "{}\n{}", answer.body, self.site.said());
        delivery
    }

    /// A delivery once it is no longer undecided.
    pub async fn decided(&self, delivery: &str) -> Value {
        let path = format!("/api/v1/deliveries/{delivery}");
        let is_decided = |read: &Value| {
            let status = read["status"]["status"].as_str();
            status.is_some_and(|status| status != "received")
        };
        self.told(&path, is_decided).await
    }

    /// A stage of this app once it is as it should be.
    pub async fn stage(&self, stage: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/stages/{stage}?app={}", self.name);
        self.told(&path, is_so).await
    }

    /// What the API tells once it is as it should be.
    async fn told(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let told = self.site.api("GET", path, None).await;
            let read = told.json();
            if told.status == 200 && is_so(&read) {
                return read;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{path} does not get there: {} {read:#}\n{}",
                told.status,
                self.site.said()
            );
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// A delivery's id as GitHub makes them.
pub fn new_delivery() -> String {
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{next:08x}-0000-4000-8000-000000000001")
}

/// The sample's stage file as one on AWS has it: the service's place, and channels AWS can serve.
fn on_aws(sample: &str, name: &str, services: &str, breaks: &str) -> String {
    let mail = "mail:    { mail: { to: [orders@example.com], from: greenroom@example.com, server: \"127.0.0.1:2525\", tls: none } }";
    let console = "  console: { console: {} }\n";
    let sns = format!("mail:    {{ sns: \"{breaks}\" }}");
    let changes = [
        ("acme/orders", format!("acme/{name}")),
        ("/var/tmp/orders", services.to_owned()),
        ("-1001234567890", FakeTelegram::CHAT.to_owned()),
        (mail, sns),
        (console, String::new()),
        ("[console]", "[team, mail]".to_owned()),
        (", console]", "]".to_owned()),
        // Once a year; the clock's own test has another.
        ("*/20 * * * * *", "0 3 1 1 *".to_owned()),
    ];
    changes.iter().fold(sample.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the sample has no {from} any more");
        text.replace(from, to)
    })
}
