//! What this machine alone can tell.

use std::fs;
use std::path::Path;
use std::process::Command;

use greenroom_core::stage_file::{Channel, check as check_file};

use super::check::Check;
use crate::args::DoctorArgs;
use crate::commands::validate;
use crate::output::text::clean;

pub fn check(args: &DoctorArgs) -> Vec<Check> {
    let mut checks = vec![git()];
    if args.server.url.is_none() {
        checks.extend(data_folder(&args.server.data));
    }
    if args.file.exists() {
        checks.extend(stage_file(&args.file));
    }
    checks
}

fn git() -> Check {
    match Command::new("git").arg("--version").output() {
        Ok(answer) if answer.status.success() => {
            Check::ok("git", clean(String::from_utf8_lossy(&answer.stdout).trim()))
        }
        Ok(answer) => Check::failed(
            "git",
            format!("`git --version` ended with {}", answer.status),
        )
        .fix("repair the installation of git"),
        Err(error) => Check::failed("git", format!("the program cannot be run: {error}"))
            .fix("install git; it must be on the PATH"),
    }
}

fn data_folder(data: &Path) -> Vec<Check> {
    let shown = data.display();
    let folder = match fs::metadata(data) {
        Err(error) => {
            return vec![
                Check::failed("data folder", format!("{shown} cannot be read: {error}"))
                    .fix("`greenroom serve` makes it; --data says where it is"),
            ];
        }
        Ok(found) if !found.is_dir() => {
            return vec![
                Check::failed("data folder", format!("{shown} is no folder"))
                    .fix("name another with --data"),
            ];
        }
        Ok(found) => found,
    };
    let mut checks = vec![match open_to_others(&folder) {
        true => Check::warning("data folder", format!("{shown} can be read by other users"))
            .fix(format!("chmod 700 {shown}")),
        false => Check::ok("data folder", shown.to_string()),
    }];
    let token = data.join("token");
    if let Ok(found) = fs::metadata(&token)
        && open_to_others(&found)
    {
        let shown = token.display();
        let text = format!("{shown} can be read by other users, who may then do anything");
        checks.push(Check::failed("token file", text).fix(format!("chmod 600 {shown}")));
    }
    checks
}

#[cfg(unix)]
fn open_to_others(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o077 != 0
}

/// Access lists are not looked at; the data folder is the user's own by default.
#[cfg(not(unix))]
fn open_to_others(_: &fs::Metadata) -> bool {
    false
}

fn stage_file(path: &Path) -> Vec<Check> {
    let shown = validate::name(path);
    let Ok(bytes) = validate::read(path) else {
        return vec![Check::failed(
            "stage file",
            format!("{shown} cannot be read"),
        )];
    };
    let (file, found) = check_file(&shown, &bytes);
    let Some(file) = file else {
        let count = found.errors().count() + found.omitted;
        return vec![
            Check::failed("stage file", format!("{shown} has {count} problems"))
                .fix(format!("greenroom validate -f {shown}")),
        ];
    };
    let mut checks = vec![match found.list.len() {
        0 => Check::ok("stage file", format!("{shown} is valid")),
        count => Check::warning(
            "stage file",
            format!("{shown} is valid, with {count} warnings"),
        )
        .fix(format!("greenroom validate -f {shown}")),
    }];
    for (name, channel) in &file.channels {
        let kind = match channel {
            Channel::Telegram { .. } => "telegram",
            Channel::Mail { .. } => "mail",
            Channel::Sns { .. } => "sns",
            Channel::Console => "console",
        };
        let name = clean(name.as_str());
        let check = if matches!(channel, Channel::Sns { .. }) {
            Check::warning("channel", format!("{name} ({kind}) only works on AWS"))
        } else {
            let text = format!("{name} ({kind}); `greenroom notify --test {name}` tries it");
            Check::ok("channel", text)
        };
        checks.push(check);
    }
    if file.channels.is_empty() {
        checks.push(
            Check::warning("channel", "nobody gets told when a stage breaks")
                .fix("add `channels:` to the stage file, and name them under `alert:` of a stage"),
        );
    }
    checks
}
