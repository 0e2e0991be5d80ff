//! XML as far as reports need it: elements and their attributes. Texts are passed over, a document
//! type is ignored, and of entities only the five of XML itself mean anything.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, escape};

use crate::{REPORT_BYTES_MAX, ReadError, excerpt, within};

/// Elements inside each other; reports have five.
const DEPTH_MAX: usize = 64;
/// Bytes of an attribute that are looked at.
const ATTRIBUTE_BYTES_MAX: usize = 4 * 1024;

/// An element's beginning or end.
pub(crate) enum Tag<'a> {
    /// `name` without a namespace's prefix.
    Open {
        name: &'a str,
        attributes: &'a Attributes<'a>,
    },
    Close {
        name: &'a str,
    },
}

/// An element's attributes.
pub(crate) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The attribute's text; what cannot be decoded is kept as it is written.
    pub fn text(&self, name: &str) -> Option<String> {
        let found = self
            .0
            .attributes()
            .with_checks(false)
            .flatten()
            .find(|attribute| attribute.key.as_ref() == name)?;
        let raw = &found.value[..found.value.floor_char_boundary(ATTRIBUTE_BYTES_MAX)];
        match escape::unescape(raw) {
            Ok(text) => Some(text.into_owned()),
            Err(_) => Some(raw.to_owned()),
        }
    }

    /// The attribute as a count; `None` when there is none.
    ///
    /// # Errors
    /// It is no number: nobody knows what it counts.
    pub fn count<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ReadError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.trim().parse() {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(ReadError::Malformed(format!(
                "its {name} are \"{}\", which is no count",
                excerpt(&text, 20)
            ))),
        }
    }
}

/// Gives every tag of the document to `see`, in order.
///
/// # Errors
/// It is too large or too deep, no XML, or cut off; or what `see` says.
pub(crate) fn tags(
    bytes: &[u8],
    mut see: impl FnMut(Tag<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    within(bytes, REPORT_BYTES_MAX)?;
    // Old tools write test names in old encodings; what counts is ASCII.
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(&text));
    let mut depth = 0_usize;
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = reader.error_position();
            ReadError::malformed(format!("it is no XML from byte {at} on: {error}"))
        })?;
        match event {
            Event::Start(start) => {
                depth += 1;
                elements += 1;
                if depth > DEPTH_MAX {
                    let why = format!("its elements are nested more than {DEPTH_MAX} deep");
                    return Err(ReadError::Malformed(why));
                }
                open(&start, &mut see)?;
            }
            Event::Empty(start) => {
                elements += 1;
                open(&start, &mut see)?;
                let name = start.local_name();
                see(Tag::Close {
                    name: name.as_ref(),
                })?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                let name = end.local_name();
                see(Tag::Close {
                    name: name.as_ref(),
                })?;
            }
            Event::Eof if depth > 0 => {
                return Err(ReadError::malformed("it ends in the middle of an element"));
            }
            Event::Eof if elements == 0 => {
                return Err(ReadError::malformed("there is no element in it"));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn open(
    start: &BytesStart<'_>,
    see: &mut impl FnMut(Tag<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let name = start.local_name();
    // What is not read is not there: a failure that stands in it would be none.
    for attribute in start.attributes().with_checks(false) {
        attribute.map_err(|error| {
            let name = excerpt(name.as_ref(), 40);
            ReadError::Malformed(format!("the attributes of <{name}> are no XML: {error}"))
        })?;
    }
    see(Tag::Open {
        name: name.as_ref(),
        attributes: &Attributes(start),
    })
}
