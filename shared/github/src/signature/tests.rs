use super::*;

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
/// The vector of GitHub's documentation for this secret and body.
const SIGNATURE: &[u8] = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn one() -> Secrets {
    Secrets::new(SECRET, None).unwrap()
}

#[test]
fn the_documented_vector_verifies() {
    assert_eq!(verify(Some(SIGNATURE), BODY, &one()), Ok(Matched::Current));
}

#[test]
fn during_a_rotation_either_secret_verifies_and_the_match_is_told() {
    let rotating = Secrets::new("the next one", Some(SECRET)).unwrap();
    assert_eq!(
        verify(Some(SIGNATURE), BODY, &rotating),
        Ok(Matched::Previous)
    );
    let rotated = Secrets::new("the next one", None).unwrap();
    assert_eq!(
        verify(Some(SIGNATURE), BODY, &rotated),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn any_changed_bit_of_body_or_signature_is_refused() {
    for at in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[at] ^= 1;
        assert_eq!(
            verify(Some(SIGNATURE), &body, &one()),
            Err(SignatureError::Wrong)
        );
    }
    for at in SCHEME.len()..SIGNATURE.len() {
        let mut signature = SIGNATURE.to_vec();
        signature[at] = if signature[at] == b'0' { b'1' } else { b'0' };
        assert_eq!(
            verify(Some(&signature), BODY, &one()),
            Err(SignatureError::Wrong)
        );
    }
}

#[test]
fn an_absent_header_and_a_malformed_one_are_told_apart() {
    assert_eq!(verify(None, BODY, &one()), Err(SignatureError::Missing));
    let short = &SIGNATURE[..SIGNATURE.len() - 2];
    let long = [SIGNATURE, b"00"].concat();
    let not_hex = [SCHEME, &[b'z'; 64]].concat();
    let malformed: [&[u8]; 7] = [
        b"",
        b"sha256=",
        b"sha1=9a3f",
        b"\xff\xfe",
        short,
        &long,
        &not_hex,
    ];
    for header in malformed {
        assert_eq!(
            verify(Some(header), BODY, &one()),
            Err(SignatureError::Malformed),
            "{header:?}"
        );
    }
}

#[test]
fn a_blank_secret_is_refused_at_construction() {
    for blank in ["", " ", "\n"] {
        assert_eq!(
            Secrets::new(blank, None).unwrap_err(),
            BlankSecret { which: "current" }
        );
        assert_eq!(
            Secrets::new(SECRET, Some(blank)).unwrap_err(),
            BlankSecret { which: "previous" }
        );
    }
}

#[test]
fn debug_shows_how_many_secrets_live_and_nothing_of_them() {
    assert_eq!(format!("{:?}", one()), "Secrets(1 live)");
    let two = Secrets::new("abc", Some(SECRET)).unwrap();
    assert_eq!(format!("{two:?}"), "Secrets(2 live)");
}
