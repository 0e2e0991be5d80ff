//! What a build begins with: the files, the buildspec and the variables.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::buildspec::{Buildspec, is_inline};
use super::super::process::{BUILD, Shell};
use super::super::{source, wire_out};
use super::Running;

impl Running {
    /// The files, the buildspec and the variables; or a status code and why not.
    pub(super) async fn prepare(&self) -> Result<(Shell, Buildspec), (&'static str, String)> {
        let request = &self.request;
        let checkout = request.folder.join("src");
        let (archive, into) = (request.source.archive.clone(), checkout.clone());
        let unpacked = tokio::task::spawn_blocking(move || source::unpack(&archive, &into)).await;
        unpacked
            .map_err(std::io::Error::other)
            .and_then(|unpacked| unpacked)
            .map_err(|error| ("CLIENT_ERROR", error.to_string()))?;
        let text = match request.buildspec.as_deref() {
            Some(text) if is_inline(text) => text.to_owned(),
            path => std::fs::read_to_string(checkout.join(path.unwrap_or("buildspec.yml")))
                .map_err(|_| ("YAML_FILE_ERROR", "YAML file does not exist".to_owned()))?,
        };
        let buildspec = Buildspec::parse(&text).map_err(|why| ("YAML_FILE_ERROR", why))?;
        let environment = self.environment(&buildspec, &checkout).await?;
        let shell = Shell {
            program: buildspec.shell.clone(),
            folder: request.folder.clone(),
            environment,
        };
        shell
            .begin(&checkout)
            .map_err(|error| ("CLIENT_ERROR", error.to_string()))?;
        Ok((shell, buildspec))
    }

    /// The buildspec's variables give way to the project's, and those to the action's.
    async fn environment(
        &self,
        buildspec: &Buildspec,
        checkout: &Path,
    ) -> Result<BTreeMap<String, String>, (&'static str, String)> {
        let (service, request) = (&self.service, &self.request);
        let mut all = service.options.environment.clone();
        all.extend(buildspec.variables.clone());
        let of_spec = buildspec
            .secrets
            .iter()
            .map(|(name, value)| (name, value, "SECRETS_MANAGER"));
        let of_others = request.variables.iter().map(|one| {
            (
                &one.name,
                &one.value,
                one.kind.as_deref().unwrap_or("PLAINTEXT"),
            )
        });
        for (name, value, kind) in of_spec.chain(of_others) {
            let value = match kind {
                "PLAINTEXT" => value.clone(),
                "SECRETS_MANAGER" => wire_out::secret(service, value)
                    .await
                    .map_err(|why| ("Secrets Manager Error Message", format!("{name}: {why}")))?,
                other => {
                    return Err((
                        "CLIENT_ERROR",
                        format!("variables of type {other} are not modelled by the stand-in"),
                    ));
                }
            };
            all.insert(name.clone(), value);
        }
        let folder = |name: &str| request.folder.join(name).display().to_string();
        let arn = service.arn("codebuild", &format!("build/{}", request.id));
        let number = service.read(|state| {
            state
                .builds
                .get(&request.id)
                .map_or(0, |build| build.number)
        });
        for (name, value) in [
            (BUILD, request.id.clone()),
            ("CODEBUILD_BUILD_ARN", arn),
            ("CODEBUILD_BUILD_NUMBER", number.to_string()),
            (
                "CODEBUILD_RESOLVED_SOURCE_VERSION",
                request.source.revision.clone(),
            ),
            ("CODEBUILD_SOURCE_VERSION", request.source.revision.clone()),
            ("CODEBUILD_SRC_DIR", checkout.display().to_string()),
            ("CODEBUILD_CI", "true".to_owned()),
            ("AWS_REGION", service.options.region.clone()),
            ("AWS_DEFAULT_REGION", service.options.region.clone()),
            ("HOME", folder("home")),
            ("TMPDIR", folder("tmp")),
        ] {
            all.insert(name.to_owned(), value);
        }
        for name in ["home", "tmp"] {
            std::fs::create_dir_all(request.folder.join(name))
                .map_err(|error| ("CLIENT_ERROR", error.to_string()))?;
        }
        Ok(all)
    }
}
