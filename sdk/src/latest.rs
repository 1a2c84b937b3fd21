//! A process-wide value that is replaced rarely and read without a lock.

use once_cell::race::OnceBox;

/// Keeps every value it was given, so that a reader may hold the one before: for settings that change a few times in a
/// process's life. A fork leaves nothing locked.
#[derive(Debug)]
pub(crate) struct Latest<T> {
    value: OnceBox<T>,
    next: OnceBox<Latest<T>>,
}

impl<T> Latest<T> {
    pub(crate) const fn new() -> Self {
        Self {
            value: OnceBox::new(),
            next: OnceBox::new(),
        }
    }

    /// The value given last.
    pub(crate) fn get(&self) -> Option<&T> {
        let mut last = self.value.get()?;
        let mut cell = self;
        while let Some(next) = cell.next.get() {
            cell = next;
            last = cell.value.get().unwrap_or(last);
        }
        Some(last)
    }

    /// Gives a value.
    pub(crate) fn set(&self, value: T) {
        let mut value = Box::new(value);
        let mut cell = self;
        while let Err(back) = cell.value.set(value) {
            value = back;
            cell = cell.next.get_or_init(|| Box::new(Self::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Latest;

    #[test]
    fn threads_may_set_and_read_at_once() {
        let latest = Latest::new();
        std::thread::scope(|scope| {
            for n in 0..4 {
                let latest = &latest;
                scope.spawn(move || {
                    for m in 0..100 {
                        latest.set(Some((n, m)));
                        assert!(latest.get().is_some());
                    }
                });
            }
        });
        assert_eq!(latest.get().copied().flatten().map(|last| last.1), Some(99));
        latest.set(None);
        assert_eq!(latest.get(), Some(&None));
    }

    #[test]
    fn the_value_given_last_counts() {
        let latest = Latest::new();
        assert_eq!(latest.get(), None);
        for n in 0..5 {
            latest.set(n);
            assert_eq!(latest.get(), Some(&n));
        }
    }
}
