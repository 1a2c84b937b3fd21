//! Carriers whose fields repeat, the last one being in force.

use super::{Getter, Setter};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// A list of pairs whose names may repeat, of which the last one is in force, as with the headers of Kafka records:
/// a message that was forwarded with a second `traceparent` still has a parent. Names are compared exactly.
///
/// Writing removes all earlier fields of the name.
///
/// ```
/// use spanline_core::propagate::{Getter, LastValue, Setter};
/// let mut record: Vec<(String, Vec<u8>)> = vec![("a".into(), b"1".into()), ("a".into(), b"2".into())];
/// assert_eq!(LastValue(&record[..]).get("a"), Some(&b"2"[..]));
/// LastValue(&mut record).set("a", "3");
/// assert_eq!(record, [("a".to_string(), b"3".to_vec())]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LastValue<C>(
    /// A slice to be read, or a list to be written.
    pub C,
);

impl<K: AsRef<str>, V: AsRef<[u8]>> Getter for LastValue<&[(K, V)]> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.0.iter().rev();
        let (_, value) = fields.find(|(key, _)| key.as_ref() == name)?;
        Some(value.as_ref())
    }

    fn get_all_exact<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get_all(name, visit);
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_ref()).collect()
    }
}

impl<V: From<String>> Setter for LastValue<&mut Vec<(String, V)>> {
    fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(key, _)| key != name);
        self.0.push((name.to_owned(), value.to_owned().into()));
    }
}
