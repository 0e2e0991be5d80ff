//! The JSON Schema of a stage file, made from the types that read it.

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use crate::stage_file::raw::RawFile;

/// JSON Schema (2020-12) of `greenroom.yaml`, for editors. It knows every key and type; what
/// needs the whole file (names that must exist, promotions) only validation knows.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<RawFile>();
    schema.insert("title".to_owned(), "Greenroom stage file".into());
    schema.to_value()
}
