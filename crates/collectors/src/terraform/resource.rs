//! One instance of one resource, with access to single attributes.

use serde_json::Value;

/// A resource's instance. Nothing hands out its attributes as a whole.
pub(super) struct Instance<'a> {
    /// `aws_s3_bucket`.
    pub(super) kind: &'a str,
    /// `module.data.aws_s3_bucket.records["a"]`.
    pub(super) address: String,
    attributes: &'a Value,
}

impl<'a> Instance<'a> {
    /// `None` where the form is not that of a resource.
    pub(super) fn new(resource: &'a Value, instance: &'a Value) -> Option<Self> {
        let text = |name: &str| resource.get(name).and_then(Value::as_str);
        let (kind, name) = (text("type")?, text("name")?);
        let module = text("module").map(|m| format!("{m}.")).unwrap_or_default();
        let index = match instance.get("index_key") {
            Some(Value::String(key)) => format!("[{key:?}]"),
            Some(Value::Number(number)) => format!("[{number}]"),
            _ => String::new(),
        };
        let attributes = instance.get("attributes")?;
        attributes.is_object().then(|| Instance {
            kind,
            address: format!("{module}{kind}.{name}{index}"),
            attributes,
        })
    }

    /// A text attribute that is there and not empty.
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.value(path)?.as_str().filter(|t| !t.is_empty())
    }

    /// A truth attribute; older providers write it as text.
    pub(super) fn truth(&self, path: &str) -> Option<bool> {
        match self.value(path)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The blocks or texts of a list attribute.
    pub(super) fn list(&self, path: &str) -> &'a [Value] {
        let list = self.value(path).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the attribute is there, even if it is empty or null.
    pub(super) fn has(&self, path: &str) -> bool {
        self.value(path).is_some()
    }

    /// Tags or labels, their keys in small letters without `-`, `_` and blanks. Those that the
    /// provider adds to every resource are among them.
    pub(super) fn tag(&self, wanted: &[&str]) -> Option<(&'a str, &'a str)> {
        const PLACES: [&str; 6] = [
            "tags_all",
            "tags",
            "effective_labels",
            "labels",
            "settings.0.user_labels",
            "user_labels",
        ];
        wanted.iter().find_map(|name| {
            let mut places = PLACES.iter().filter_map(|p| self.value(p)?.as_object());
            places.find_map(|tags| {
                let (key, value) = tags.iter().find(|(key, _)| plain(key) == *name)?;
                let value = value.as_str().map(str::trim).filter(|v| !v.is_empty())?;
                Some((key.as_str(), value))
            })
        })
    }

    /// The system it serves, by its tags.
    pub(super) fn system(&self) -> Option<String> {
        let tag = self.tag(&["system", "service", "name"]);
        tag.map(|(_, value)| value.to_owned())
    }

    /// The region by its own attribute, its zone, or its ARN.
    pub(super) fn region(&self) -> Option<String> {
        let zone = || {
            let zone = self.text("availability_zone").or(self.text("zone"))?;
            let without = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
            // `eu-west-2a` is Amazon's way, `europe-west2-a` Google's.
            Some(without.trim_end_matches('-'))
        };
        let arn = || {
            self.text("arn")?
                .split(':')
                .nth(3)
                .filter(|r| !r.is_empty())
        };
        let region = self.text("region").or(self.text("location"));
        let region = region.or_else(zone).or_else(arn)?;
        Some(region.to_lowercase().replace(' ', ""))
    }

    /// Where the path goes through blocks, their position stands in it: `settings.0.tier`.
    fn value(&self, path: &str) -> Option<&'a Value> {
        path.split('.')
            .try_fold(self.attributes, |value, step| match value {
                Value::Array(list) => list.get(step.parse::<usize>().ok()?),
                other => other.get(step),
            })
    }
}

/// A tag's key without regard to case and to what joins its words.
pub(super) fn plain(key: &str) -> String {
    key.chars()
        .filter(|c| !['-', '_', ' ', ':'].contains(c))
        .flat_map(char::to_lowercase)
        .collect()
}
