//! Channels: exactly one kind each, and an address that can be one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::collect;
use super::names::check_name;
use crate::name::ChannelName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawChannel, RawFile, RawMail, RawTelegram};
use crate::stage_file::record::{Entry, Spanned};
use crate::stage_file::{Channel, MailTls};

const KINDS: &str = "`telegram`, `mail`, `sns` and `console`";

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<ChannelName, Channel> {
    let Some(channels) = raw.channels.value() else {
        return BTreeMap::new();
    };
    collect(channels.entries.iter().map(|entry| {
        check_name(&entry.name, "a channel", log);
        let channel = channel(entry, log)?;
        Some((ChannelName::new(entry.name.value.as_str()), channel))
    }))
}

fn channel(entry: &Entry<RawChannel>, log: &mut Log) -> Option<Channel> {
    let raw = entry.value.as_ref()?;
    let absent = [
        raw.telegram.is_absent(),
        raw.mail.is_absent(),
        raw.sns.is_absent(),
        raw.console.is_absent(),
    ];
    let kinds = absent.iter().filter(|absent| !**absent).count();
    if kinds != 1 {
        let name = shown(&entry.name.value);
        let message = format!("the channel `{name}` has {kinds} kinds, it needs one");
        log.report(
            Diagnostic::error("channel-kind", &entry.name.span, message)
                .label("one kind each")
                .help(format!("There are {KINDS}; make one channel for each.")),
        );
    }
    let telegram = raw.telegram.value().and_then(|it| telegram(it, log));
    let mail = raw.mail.value().and_then(|it| mail(it, log));
    let sns = raw.sns.given().and_then(|it| sns(it, log));
    let console = raw.console.value().map(|_| Channel::Console);
    telegram.or(mail).or(sns).or(console)
}

fn telegram(raw: &RawTelegram, log: &mut Log) -> Option<Channel> {
    if let Some(topic) = raw.topic.given()
        && topic.value <= 0
    {
        log.report(
            Diagnostic::error("number", &topic.span, "a topic has a positive number")
                .help("It is the last number in a link to a message of the topic."),
        );
    }
    Some(Channel::Telegram {
        chat: raw.chat.value()?.0.clone(),
        token: raw.token.value()?.0.clone(),
        topic: raw.topic.value().copied(),
    })
}

fn mail(raw: &RawMail, log: &mut Log) -> Option<Channel> {
    let to = raw.to.given();
    if let Some(to) = to
        && to.value.items.is_empty()
        && !to.value.broken
    {
        log.report(
            Diagnostic::error("no-recipient", &to.span, "nobody gets this mail")
                .help("List at least one address."),
        );
    }
    let recipients = to.map_or(&[][..], |to| to.value.items.as_slice());
    for address in recipients.iter().chain(raw.from.given()) {
        check_address(address, log);
    }
    check_login(raw, log);
    let tls = raw.tls.value().copied().unwrap_or_default();
    if let Some(server) = raw.server.given() {
        check_server(server, tls, log);
    }
    Some(Channel::Mail {
        to: recipients
            .iter()
            .map(|address| address.value.clone())
            .collect(),
        from: raw.from.value()?.clone(),
        server: raw.server.value()?.clone(),
        user: raw.user.value().cloned(),
        password: raw.password.value().map(|secret| secret.0.clone()),
        tls,
    })
}

fn check_address(address: &Spanned<String>, log: &mut Log) {
    let text = address.value.as_str();
    // `Name <user@host>` is how people write addresses.
    let bare = text
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
        .map_or(text, |(_, bare)| bare);
    let good = bare.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
    }) && !bare
        .contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>".contains(c))
        && !text.contains(['\r', '\n'])
        && text.len() <= 254;
    if !good {
        let message = format!("`{}` is not a mail address", shown(text));
        log.report(
            Diagnostic::error("address", &address.span, message).help(
                "Write `user@example.com` or `Name <user@example.com>`, one address an item.",
            ),
        );
    }
}

fn check_login(raw: &RawMail, log: &mut Log) {
    let (alone, other) = match (&raw.user, &raw.password) {
        (user, password) if password.is_absent() => (user.span(), "password"),
        (user, password) if user.is_absent() => (password.span(), "user"),
        _ => (None, ""),
    };
    if let Some(span) = alone {
        let message = format!("a login needs `{other}` as well");
        log.report(
            Diagnostic::error("half-login", span, message)
                .label("only half a login")
                .help("Give both `user` and `password`, or neither."),
        );
    }
}

fn check_server(server: &Spanned<String>, tls: MailTls, log: &mut Log) {
    let parts = server.value.rsplit_once(':').and_then(|(host, port)| {
        let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        let legal = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        (!host.is_empty() && host.chars().all(legal)).then_some((host, port))
    });
    let Some((host, _)) = parts else {
        let message = format!("`{}` is not `host:port`", shown(&server.value));
        log.report(
            Diagnostic::error("server", &server.span, message)
                .label("not host:port")
                .help("Write the port too: `mail.example.com:587`."),
        );
        return;
    };
    let is_loopback = host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if tls == MailTls::None && !is_loopback {
        let message = format!("`tls: none` would send mail and password in the clear to {host}");
        log.report(
            Diagnostic::error("mail-in-the-clear", &server.span, message)
                .label("not this machine")
                .help("Remove `tls: none`; it is only for a server on this machine."),
        );
    }
}

fn sns(topic: &Spanned<String>, log: &mut Log) -> Option<Channel> {
    let parts: Vec<&str> = topic.value.splitn(6, ':').collect();
    let good = match parts.as_slice() {
        ["arn", partition, "sns", region, account, name] => {
            partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && (1..=256).contains(&name.len())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        }
        _ => false,
    };
    if !good {
        let message = format!("`{}` is not the ARN of an SNS topic", shown(&topic.value));
        log.report(
            Diagnostic::error("arn", &topic.span, message)
                .help("It looks like `arn:aws:sns:eu-west-1:111111111111:name`."),
        );
    }
    good.then(|| Channel::Sns {
        topic: topic.value.clone(),
    })
}
