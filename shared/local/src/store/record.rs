//! How an item lies in the file: version, checksum, value.
//!
//! 8 bytes version and 4 bytes CRC-32, both big-endian, then the value. The checksum covers the
//! key too, so an item that turns up under another key is noticed as well.

use greenroom_app::ports::store::{Item, Key};

use super::engine::Failure;

const HEADER: usize = 12;

/// The bytes to store for `value` at `key`.
pub(super) fn encode(key: &Key, version: u64, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + value.len());
    bytes.extend_from_slice(&version.to_be_bytes());
    let sum = checksum(
        key.partition.as_bytes(),
        key.sort.as_bytes(),
        version,
        value,
    );
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// The version and value in `bytes`, which were found at `partition` and `sort`.
pub(super) fn decode<'a>(
    partition: &[u8],
    sort: &[u8],
    bytes: &'a [u8],
) -> Result<(u64, &'a [u8]), Failure> {
    let damaged = |why: &str| Failure::Item {
        key: format!(
            "{} / {}",
            String::from_utf8_lossy(partition),
            String::from_utf8_lossy(sort)
        ),
        why: why.to_owned(),
    };
    let (version, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| damaged("it is too short"))?;
    let (sum, value) = rest
        .split_first_chunk::<4>()
        .ok_or_else(|| damaged("it is too short"))?;
    let version = u64::from_be_bytes(*version);
    if checksum(partition, sort, version, value) != u32::from_be_bytes(*sum) {
        return Err(damaged("its checksum does not match"));
    }
    Ok((version, value))
}

/// The item in `bytes`, owned.
pub(super) fn item(partition: &[u8], sort: &[u8], bytes: &[u8]) -> Result<Item, Failure> {
    let (version, value) = decode(partition, sort, bytes)?;
    let text = |part: &[u8]| {
        String::from_utf8(part.to_vec()).map_err(|_| Failure::Item {
            key: String::from_utf8_lossy(part).into_owned(),
            why: "its key is not UTF-8".to_owned(),
        })
    };
    Ok(Item {
        key: Key::new(text(partition)?, text(sort)?),
        version,
        value: value.to_vec(),
    })
}

fn checksum(partition: &[u8], sort: &[u8], version: u64, value: &[u8]) -> u32 {
    // 0xFF occurs in no UTF-8 text, so the parts cannot be shifted into each other.
    const END: &[u8] = &[0xFF];
    let mut crc = flate2::Crc::new();
    for part in [partition, END, sort, END, &version.to_be_bytes(), value] {
        crc.update(part);
    }
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() -> Result<(), Failure> {
        let key = Key::new("p", "s");
        let bytes = encode(&key, 7, b"value");
        assert_eq!(decode(b"p", b"s", &bytes)?, (7, &b"value"[..]));
        Ok(())
    }

    #[test]
    fn a_changed_byte_is_noticed_wherever_it_is() {
        let bytes = encode(&Key::new("p", "s"), 7, b"value");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(decode(b"p", b"s", &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn an_item_under_another_key_is_noticed() {
        let bytes = encode(&Key::new("ab", "c"), 1, b"value");
        assert!(decode(b"a", b"bc", &bytes).is_err());
    }

    #[test]
    fn an_item_cut_short_is_noticed() {
        let bytes = encode(&Key::new("p", "s"), 1, b"v");
        for length in 0..bytes.len() {
            assert!(decode(b"p", b"s", &bytes[..length]).is_err(), "{length}");
        }
    }
}
