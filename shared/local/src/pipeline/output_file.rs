//! The file by which a step tells outputs, in the two forms of GitHub Actions:
//! `NAME=value`, and `NAME<<END`, lines, `END`.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Outputs travel with the run's record, which has to stay small.
const FILE_MAX: u64 = 64 * 1024;
const VALUE_MAX: usize = 4 * 1024;
const NAME_MAX: usize = 64;

/// Name and value, in file order.
pub(super) type Pairs = Vec<(String, String)>;

/// What the step wrote; nothing when it removed the file.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub(super) fn read(path: &Path) -> Result<Pairs, String> {
    use rustix::fs::OFlags;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Pairs::new()),
        Err(error) => return Err(format!("the output file cannot be read: {error}")),
    };
    let unreadable = |error| format!("the output file cannot be read: {error}");
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("the output file was replaced by something that is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("the output file has more than {FILE_MAX} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "the output file is not UTF-8".to_owned())?;
    parse(&text)
}

fn parse(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let here = format!("line {} of the output file", index + 1);
        let equals = line.find('=');
        let heredoc = line.find("<<").filter(|at| equals.is_none_or(|e| *at < e));
        let (name, value) = match (heredoc, equals) {
            (Some(at), _) => {
                let end = &line[at + 2..];
                if end.is_empty() {
                    return Err(format!(
                        "{here} has `<<` without the word that ends the value"
                    ));
                }
                let mut value: Vec<&str> = Vec::new();
                loop {
                    match lines.next() {
                        Some((_, line)) if line == end => break,
                        Some((_, line)) => value.push(line),
                        None => {
                            return Err(format!(
                                "{here} begins a value that no line `{}` ends",
                                shown(end)
                            ));
                        }
                    }
                }
                (&line[..at], value.join("\n"))
            }
            (None, Some(at)) => (&line[..at], line[at + 1..].to_owned()),
            (None, None) => {
                return Err(format!("{here} is neither `NAME=value` nor `NAME<<END`"));
            }
        };
        if !is_name(name) {
            return Err(format!(
                "{here} has `{}` for a name; a name is letters, digits and `_`, at most {NAME_MAX}",
                shown(name)
            ));
        }
        if value.len() > VALUE_MAX {
            return Err(format!(
                "{here}: the value of {name} has more than {VALUE_MAX} bytes"
            ));
        }
        pairs.push((name.to_owned(), value));
    }
    Ok(pairs)
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let text = "URL=http://x/?a=b<<c\n\nNOTES<<END\none=1\n\ntwo\nEND\nEMPTY=\nNONE<<E\nE\n";
        let pairs = parse(text).expect("it is right");
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let expected = [
            ("URL", "http://x/?a=b<<c"),
            ("NOTES", "one=1\n\ntwo"),
            ("EMPTY", ""),
            ("NONE", ""),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            ("OK=1\nhello\n", "line 2"),
            ("A<<END\nnever", "no line `END` ends"),
            ("A<<\n", "without the word"),
            ("a b=1", "`a b` for a name"),
            ("=1", "for a name"),
            ("1A=1", "for a name"),
        ];
        for (text, words) in cases {
            let error = parse(text).expect_err(text);
            assert!(error.contains(words), "{text:?}: {error}");
        }
        assert!(parse(&format!("A={}", "x".repeat(5000))).is_err());
    }

    #[test]
    fn only_a_real_file_of_bounded_size_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("out");
        assert_eq!(read(&path), Ok(Pairs::new()));
        std::os::unix::fs::symlink("/etc/passwd", &path).expect("link");
        assert!(read(&path).is_err());
        std::fs::remove_file(&path).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo runs").success());
        assert!(read(&path).is_err(), "a pipe must not be waited for");
        std::fs::remove_file(&path).expect("removed");
        std::fs::write(&path, "A=x\n".repeat(20_000)).expect("written");
        assert!(read(&path).is_err());
    }
}
