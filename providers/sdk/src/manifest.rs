//! The manifest: what is known of a component without running it. It is written at compile time into
//! the `celadon:manifest` custom section, as JSON.

/// Name, version and options of a component.
#[derive(Clone, Copy, Debug)]
pub struct Manifest {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) documentation: &'static str,
    pub(crate) options: &'static [OptionSpec],
}

/// One option that the operator can set.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
}

/// The type of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A list of texts.
    Strings,
    /// Names with values.
    Object,
}

impl Kind {
    /// The type's name in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Strings => "strings",
            Self::Object => "object",
        }
    }
}

impl OptionSpec {
    /// An option that has to be there.
    pub const fn required(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            required: true,
            description,
        }
    }

    /// An option that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            description,
        }
    }
}

impl Manifest {
    /// A component without options. `documentation` is a sentence or an address.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        documentation: &'static str,
    ) -> Self {
        Self {
            name,
            version,
            documentation,
            options: &[],
        }
    }

    /// With these options; all others are refused.
    pub const fn options(mut self, options: &'static [OptionSpec]) -> Self {
        self.options = options;
        self
    }

    /// The length of [`Manifest::json`] in bytes.
    pub const fn json_len(&self) -> usize {
        self.write(&mut [])
    }

    /// The manifest as JSON. `N` is [`Manifest::json_len`].
    pub const fn json<const N: usize>(&self) -> [u8; N] {
        let mut out = [b' '; N];
        self.write(&mut out);
        out
    }

    /// Writes what fits and tells how long it all is.
    const fn write(&self, out: &mut [u8]) -> usize {
        let mut at = member(out, 0, "{", "name", self.name);
        at = member(out, at, ",", "version", self.version);
        at = member(out, at, ",", "contract", "0.1");
        at = member(out, at, ",", "sdk", SDK);
        at = member(out, at, ",", "documentation", self.documentation);
        at = put(out, at, ",\"options\":{");
        let mut index = 0;
        while index < self.options.len() {
            let option = &self.options[index];
            at = put(out, at, if index == 0 { "" } else { "," });
            at = quote(out, at, option.name);
            at = member(out, at, ":{", "type", option.kind.as_str());
            at = put(out, at, ",\"required\":");
            at = put(out, at, if option.required { "true" } else { "false" });
            at = member(out, at, ",", "description", option.description);
            at = put(out, at, "}");
            index += 1;
        }
        put(out, at, "}}")
    }
}

const SDK: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

const fn member(out: &mut [u8], at: usize, before: &str, name: &str, value: &str) -> usize {
    let at = put(out, at, before);
    let at = quote(out, at, name);
    let at = put(out, at, ":");
    quote(out, at, value)
}

const fn put(out: &mut [u8], mut at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        at = byte(out, at, bytes[index]);
        index += 1;
    }
    at
}

/// Control characters become spaces: they have no meaning in a manifest.
const fn quote(out: &mut [u8], at: usize, text: &str) -> usize {
    let mut at = byte(out, at, b'"');
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        at = match bytes[index] {
            plain @ (b'"' | b'\\') => {
                let at = byte(out, at, b'\\');
                byte(out, at, plain)
            }
            0..0x20 => byte(out, at, b' '),
            plain => byte(out, at, plain),
        };
        index += 1;
    }
    byte(out, at, b'"')
}

const fn byte(out: &mut [u8], at: usize, byte: u8) -> usize {
    if at < out.len() {
        out[at] = byte;
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const MANIFEST: Manifest = Manifest::new("quo\"te", "1.2.3", "back\\slash,\nnew line, é")
        .options(&[
            OptionSpec::required("a", Kind::String, "first"),
            OptionSpec::optional("b", Kind::Strings, "second"),
        ]);
    static BYTES: [u8; MANIFEST.json_len()] = MANIFEST.json();

    #[test]
    fn it_is_json_at_compile_time() {
        let value: Value = serde_json::from_slice(&BYTES).expect("JSON");
        assert_eq!(
            value,
            json!({
                "name": "quo\"te", "version": "1.2.3", "contract": "0.1", "sdk": SDK,
                "documentation": "back\\slash, new line, é",
                "options": {
                    "a": {"type": "string", "required": true, "description": "first"},
                    "b": {"type": "strings", "required": false, "description": "second"},
                },
            })
        );
    }

    #[test]
    fn one_without_options_is_json_too() {
        const PLAIN: Manifest = Manifest::new("p", "1", "");
        let bytes: [u8; PLAIN.json_len()] = PLAIN.json();
        let value: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(value["options"], json!({}));
    }
}
