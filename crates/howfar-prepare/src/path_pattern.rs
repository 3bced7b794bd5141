//! Regular expressions of the user's that find a person or a label in a path.
//!
//! In: what the command line says. Out: the part of a path that a named group finds.

use howfar_face::Fault;
use regex::Regex;

/// A pattern that finds a part of a path.
#[derive(Debug)]
pub(crate) struct PathPattern {
    regex: Regex,
    group: String,
}

impl PathPattern {
    /// Takes the first of `groups` that the pattern names, else its first named group; `flag` and `example` are for
    /// messages.
    pub(crate) fn new(flag: &str, text: &str, groups: &[&str], example: &str) -> Result<Self, Fault> {
        let expected = format!("a regular expression with a named group, as in {example}");
        let regex = Regex::new(text).map_err(|e| {
            Fault::usage(flag, "not a regular expression").found(format!("{text}\n{e}")).expected(&expected)
        })?;
        let named = || regex.capture_names().flatten();
        let group = named().find(|name| groups.contains(name)).or_else(|| named().next()).map(str::to_owned);
        let group = group.ok_or_else(|| {
            Fault::usage(flag, format!("no named group says which part is the {}", groups[0]))
                .found(text)
                .expected(&expected)
        })?;
        Ok(PathPattern { regex, group })
    }

    /// The part of a whole path below the root that the group finds, if it finds one.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<&'p str> {
        Some(self.regex.captures(path)?.name(&self.group)?.as_str()).filter(|part| !part.is_empty())
    }
}
