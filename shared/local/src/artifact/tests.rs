use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn put(root: &Path, path: &str, bytes: &[u8], mode: u32) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("folder");
    std::fs::write(&path, bytes).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
}

fn store(data: &TempDir) -> ArtifactStore {
    ArtifactStore::new(data.path().join("artifacts"), SIZE_MAX)
}

fn age(path: &Path, seconds: u64) {
    let file = std::fs::File::open(path).expect("opened");
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    file.set_modified(then).expect("aged");
}

/// Writes a tree in the given order, with modes and times that must not matter.
fn grow(files: &[(&String, &(Vec<u8>, bool))], mask: u32, seconds: u64) -> TempDir {
    let root = folder();
    for (path, (bytes, executable)) in files {
        let mode = if *executable { 0o755 } else { 0o644 } & !mask;
        put(root.path(), &format!("dist/{path}"), bytes, mode);
        age(&root.path().join(format!("dist/{path}")), seconds);
    }
    root
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_same_files_give_the_same_digest_whatever_the_times_order_and_umask(
        files in prop::collection::btree_map(
            "[a-c]/[a-d]{1,3}/[e-h]{1,120}|[a-zé .]{1,8}x",
            (prop::collection::vec(any::<u8>(), 0..600), any::<bool>()),
            1..12,
        ),
    ) {
        let data = folder();
        let forward: Vec<_> = files.iter().collect();
        let backward: Vec<_> = files.iter().rev().collect();
        let one = grow(&forward, 0o000, 1_000_000_000);
        let two = grow(&backward, 0o077, 1_700_000_000);
        let first = store(&data).pack(one.path(), "dist").expect("packed");
        let second = store(&data).pack(two.path(), "dist/").expect("packed");
        prop_assert_eq!(&first, &second);

        let into = data.path().join("unpacked");
        let at = store(&data).unpack(&first.digest, &into).expect("unpacked");
        prop_assert_eq!(&at, &into);
        for (path, (bytes, executable)) in &files {
            let path = at.join(path);
            prop_assert_eq!(&std::fs::read(&path).expect("there"), bytes);
            let mode = path.metadata().expect("there").permissions().mode() & 0o777;
            prop_assert_eq!(mode, if *executable { 0o755 } else { 0o644 });
        }
        // What was unpacked is what was packed: packing it again changes nothing.
        let again = store(&data).pack(data.path(), "unpacked").expect("packed");
        prop_assert_eq!(first, again);
    }
}

#[test]
fn any_change_of_content_name_or_executable_bit_changes_the_digest() {
    let data = folder();
    let variants: [&[(&str, &str, u32)]; 5] = [
        &[("dist/a", "1", 0o644)],
        &[("dist/a", "2", 0o644)],
        &[("dist/b", "1", 0o644)],
        &[("dist/a", "1", 0o755)],
        &[("dist/a", "1", 0o644), ("dist/b", "", 0o644)],
    ];
    let digest_of = |files: &[(&str, &str, u32)]| {
        let root = folder();
        for (path, text, mode) in files {
            put(root.path(), path, text.as_bytes(), *mode);
        }
        let artifact = store(&data).pack(root.path(), "dist").expect("packed");
        (artifact.digest.to_string(), files.len())
    };
    let digests: BTreeMap<_, _> = variants.into_iter().map(digest_of).collect();
    assert_eq!(digests.len(), variants.len());
}

#[test]
fn a_file_and_a_folder_with_that_file_are_different_and_come_back_as_they_were() {
    let (data, root) = (folder(), folder());
    put(root.path(), "dist/app", b"#!/bin/sh\n", 0o700);
    let file = store(&data).pack(root.path(), "dist/app").expect("packed");
    let whole = store(&data).pack(root.path(), "dist").expect("packed");
    assert_ne!(file.digest, whole.digest);
    let at = store(&data).unpack(&file.digest, &data.path().join("f"));
    assert_eq!(at.expect("unpacked"), data.path().join("f/app"));
    let at = store(&data).unpack(&whole.digest, &data.path().join("d"));
    assert_eq!(at.expect("unpacked"), data.path().join("d"));
    assert_eq!(
        std::fs::metadata(store(&data).path_of(&file.digest).expect("a path"))
            .expect("stored")
            .len(),
        file.size
    );
}

#[test]
fn a_changed_byte_is_found_before_anything_is_unpacked() {
    let (data, root) = (folder(), folder());
    put(root.path(), "dist/a", b"good", 0o644);
    let artifact = store(&data).pack(root.path(), "dist").expect("packed");
    let stored = store(&data).path_of(&artifact.digest).expect("a path");
    let mut bytes = std::fs::read(&stored).expect("stored");
    let at = bytes
        .windows(4)
        .position(|w| w == b"good")
        .expect("plain tar");
    bytes[at..at + 4].copy_from_slice(b"evil");
    std::fs::remove_file(&stored).expect("removed");
    std::fs::write(&stored, &bytes).expect("tampered");
    let into = data.path().join("into");
    match store(&data).unpack(&artifact.digest, &into) {
        Err(ArtifactError::Mismatch { expected, found }) => {
            assert_eq!(expected, artifact.digest);
            assert_ne!(found, expected);
        }
        other => panic!("it must be refused, not {other:?}"),
    }
    assert!(!into.exists());
    // Building the same bytes again mends the store.
    store(&data).pack(root.path(), "dist").expect("packed");
    store(&data)
        .unpack(&artifact.digest, &into)
        .expect("mended");
}

#[test]
fn links_are_kept_inside_and_refused_outside() {
    let (data, root) = (folder(), folder());
    put(root.path(), "dist/lib/real.so.1", b"x", 0o644);
    let link = |target: &str, at: &str| {
        std::os::unix::fs::symlink(target, root.path().join(at)).expect("linked");
    };
    link("real.so.1", "dist/lib/real.so");
    link("../lib", "dist/lib/loop");
    let artifact = store(&data).pack(root.path(), "dist").expect("packed");
    let at = store(&data).unpack(&artifact.digest, &data.path().join("u"));
    let target = std::fs::read_link(at.expect("unpacked").join("lib/real.so"));
    assert_eq!(target.expect("a link"), Path::new("real.so.1"));
    for target in ["/etc/passwd", "../../x", "loop/../../..", "../lib/../../x"] {
        link(target, "dist/lib/bad");
        let refused = store(&data).pack(root.path(), "dist");
        assert!(
            matches!(&refused, Err(ArtifactError::Unsafe { path, .. }) if path == "lib/bad"),
            "{target}: {refused:?}"
        );
        std::fs::remove_file(root.path().join("dist/lib/bad")).expect("removed");
    }
}

#[test]
fn what_is_missing_empty_outside_or_too_large_says_so() {
    let (data, root) = (folder(), folder());
    put(root.path(), "dist/a", &[7; 5000], 0o644);
    std::fs::create_dir(root.path().join("void")).expect("folder");
    std::os::unix::fs::symlink("/tmp", root.path().join("out")).expect("link");
    let small = ArtifactStore::new(data.path().join("artifacts"), 4096);
    let pack = |path: &str| small.pack(root.path(), path).expect_err(path);
    assert!(matches!(pack("target"), ArtifactError::Missing { .. }));
    assert!(matches!(pack("dist/a/b"), ArtifactError::Missing { .. }));
    assert!(matches!(pack("void"), ArtifactError::Empty { .. }));
    assert!(matches!(pack("../x"), ArtifactError::Unsafe { .. }));
    assert!(matches!(pack("/etc"), ArtifactError::Unsafe { .. }));
    assert!(matches!(pack(""), ArtifactError::Unsafe { .. }));
    assert!(matches!(pack("out"), ArtifactError::Unsafe { .. }));
    assert!(matches!(
        pack("dist"),
        ArtifactError::TooLarge { limit: 4096, .. }
    ));
    let left = std::fs::read_dir(data.path().join("artifacts/incoming")).expect("folder");
    assert_eq!(left.count(), 0, "a refused artifact leaves nothing behind");
}

#[test]
fn a_named_pipe_is_refused_and_never_waited_for() {
    let (data, root) = (folder(), folder());
    put(root.path(), "dist/a", b"", 0o644);
    let made = std::process::Command::new("mkfifo")
        .arg(root.path().join("dist/pipe"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    let refused = store(&data).pack(root.path(), "dist");
    assert!(
        matches!(refused, Err(ArtifactError::Unsafe { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_digest_that_is_none_is_not_a_path() {
    let data = folder();
    for text in [
        "",
        "sha256:",
        "sha256:../../etc/passwd",
        "md5:00",
        &format!("sha256:{}", "A".repeat(64)),
    ] {
        let refused = store(&data).unpack(&Digest::new(text), &data.path().join("x"));
        assert!(
            matches!(refused, Err(ArtifactError::NotStored { .. })),
            "{text}"
        );
    }
}

/// An archive as a stranger would write it: any path, any kind.
fn archive(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let body = if kind.is_file() {
            content.as_bytes()
        } else {
            b""
        };
        header.set_size(body.len() as u64);
        if !kind.is_file() {
            header.set_link_name_literal(content).expect("a target");
        }
        header.set_cksum();
        builder.append(&header, body).expect("appended");
    }
    builder.into_inner().expect("finished")
}

#[test]
fn an_archive_of_a_strangers_making_writes_nothing_outside() {
    use tar::EntryType::{Link, Regular, Symlink};
    let attacks: [&[(&str, tar::EntryType, &str)]; 5] = [
        &[("../evil", Regular, "x")],
        &[("/tmp/greenroom-evil", Regular, "x")],
        &[("a", Symlink, ".."), ("a/evil", Regular, "x")],
        &[("a", Symlink, "/tmp")],
        &[("a", Link, "../secret")],
    ];
    for attack in attacks {
        let data = folder();
        let into = data.path().join("deep/into");
        std::fs::create_dir_all(data.path().join("deep")).expect("folder");
        let bytes = archive(attack);
        unpack::read_tar(&bytes[..], &into).expect_err("it must be refused");
        assert!(!data.path().join("deep/evil").exists());
        assert!(!data.path().join("evil").exists());
    }
    assert!(!Path::new("/tmp/greenroom-evil").exists());
}
