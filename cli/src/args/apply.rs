//! Arguments of `apply`.

use std::path::PathBuf;

use clap::Args;

use super::{PersonArgs, ServerArgs};

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Stage file; has to be the one in force
    #[arg(short, long, value_name = "FILE", default_value = "greenroom.yaml")]
    pub file: PathBuf,
    /// The app [default: the one that the stage file names]
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Do it, with the AWS CLI; otherwise it is only shown
    #[arg(long)]
    pub yes: bool,
    /// Parameter of the template: Connection, AdmissionFunction, Artifacts, Branch, ...; may be
    /// given several times. The others stay as they are
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    pub parameters: Vec<Parameter>,
    /// Bucket that the template goes through; one over 51,200 bytes has to
    #[arg(long, value_name = "BUCKET")]
    pub s3_bucket: Option<String>,
    #[command(flatten)]
    pub person: PersonArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A parameter of the template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub key: String,
    pub value: String,
}

fn parameter(text: &str) -> Result<Parameter, String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("write it like Branch=main")?;
    Ok(Parameter {
        key: key.to_owned(),
        value: value.to_owned(),
    })
}
