//! Baggage (OpenTelemetry baggage API).

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

/// One entry of a baggage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaggageEntry {
    /// Name: any non-empty text, case-sensitive.
    pub key: String,
    /// Value: any text.
    pub value: String,
    /// Metadata, one opaque text; never empty.
    pub metadata: Option<String>,
}

/// Name-value pairs that travel with a request. Immutable: each change gives a new value; clones are cheap.
///
/// ```
/// use spanline_core::Baggage;
/// let baggage = Baggage::EMPTY.set("user", "Am\u{e9}lie", None).unwrap();
/// assert_eq!(baggage.get("user"), Some("Am\u{e9}lie"));
/// assert!(baggage.remove("user").is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Baggage(Option<Arc<Vec<BaggageEntry>>>);

/// A baggage entry was given an empty name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmptyBaggageKey;

impl fmt::Display for EmptyBaggageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("baggage key is empty")
    }
}

impl core::error::Error for EmptyBaggageKey {}

impl Baggage {
    /// No entries.
    pub const EMPTY: Self = Self(None);

    /// All entries, in order of first insertion.
    pub fn entries(&self) -> &[BaggageEntry] {
        self.0.as_ref().map_or(&[], |entries| entries.as_slice())
    }

    /// Names and values, in order of first insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.entries()
            .iter()
            .map(|entry| (entry.key.as_str(), entry.value.as_str()))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The entry of this name.
    pub fn entry(&self, key: &str) -> Option<&BaggageEntry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of this name.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    /// The same with this entry; an entry of that name is replaced where it stands, its metadata with it. Empty
    /// metadata is none. Neither name nor value is limited here: what a format cannot carry is left out on injection.
    ///
    /// # Errors
    /// The name is empty.
    pub fn set(&self, key: &str, value: &str, metadata: Option<&str>) -> Result<Self, EmptyBaggageKey> {
        if key.is_empty() {
            return Err(EmptyBaggageKey);
        }
        let mut changed = self.clone();
        changed.put(BaggageEntry {
            key: key.into(),
            value: value.into(),
            metadata: metadata.map(Into::into),
        });
        Ok(changed)
    }

    /// The same without the entry of this name.
    #[must_use]
    pub fn remove(&self, key: &str) -> Self {
        if self.entry(key).is_none() {
            return self.clone();
        }
        self.entries()
            .iter()
            .filter(|entry| entry.key != key)
            .cloned()
            .collect()
    }

    /// The same without any entry.
    #[must_use]
    pub const fn clear(&self) -> Self {
        Self::EMPTY
    }

    fn put(&mut self, entry: BaggageEntry) {
        let entry = without_empty_metadata(entry);
        let entries = Arc::make_mut(self.0.get_or_insert_default());
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
}

impl FromIterator<BaggageEntry> for Baggage {
    /// Entries without a name are left out; of repeated names the last counts, at the place of the first.
    fn from_iter<T: IntoIterator<Item = BaggageEntry>>(entries: T) -> Self {
        let entries = entries.into_iter().filter(|entry| !entry.key.is_empty());
        let mut entries: Vec<_> = entries.map(without_empty_metadata).map(Some).collect();
        merge_repeated(&mut entries);
        let entries: Vec<BaggageEntry> = entries.into_iter().flatten().collect();
        Self((!entries.is_empty()).then(|| Arc::new(entries)))
    }
}

fn without_empty_metadata(mut entry: BaggageEntry) -> BaggageEntry {
    entry.metadata = entry.metadata.filter(|text| !text.is_empty());
    entry
}

/// Moves the last entry of each name to the place of the first. Sorts places by names: comparing each entry with each
/// would let whoever sends thousands of them take our time.
fn merge_repeated(entries: &mut [Option<BaggageEntry>]) {
    let mut places: Vec<usize> = (0..entries.len()).collect();
    // Stable: the places of one name stay in their order.
    places.sort_by(|&one, &other| key_at(entries, one).cmp(key_at(entries, other)));
    let mut rest = places.as_slice();
    while let Some((&first, others)) = rest.split_first() {
        let same = others
            .iter()
            .take_while(|&&place| key_at(entries, place) == key_at(entries, first))
            .count();
        let (same, next) = others.split_at(same);
        for &place in same {
            let later = entries.get_mut(place).and_then(Option::take);
            if let Some(entry) = entries.get_mut(first) {
                *entry = later;
            }
        }
        rest = next;
    }
}

fn key_at(entries: &[Option<BaggageEntry>], place: usize) -> &str {
    let entry = entries.get(place).and_then(Option::as_ref);
    entry.map_or("", |entry| entry.key.as_str())
}

impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}
