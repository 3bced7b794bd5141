//! Slices that several threads write, each its own part.

use std::marker::PhantomData;

/// A mutable slice, handed out in parts that do not overlap.
pub(crate) struct Parts<'a, T> {
    start: *mut T,
    len: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: parts do not overlap (the contract of `part`), so threads share no number.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Parts { start: slice.as_mut_ptr(), len: slice.len(), lifetime: PhantomData }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `n` elements from `at` on.
    ///
    /// # Safety
    /// No element is asked for twice while another part that has it is in use.
    pub(crate) unsafe fn part(&self, at: usize, n: usize) -> &'a mut [T] {
        assert!(at + n <= self.len);
        // SAFETY: inside the slice, which nobody else holds; the caller sees to the rest.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), n) }
    }

    /// Where element `at` lies, for those who write parts with gaps.
    ///
    /// # Safety
    /// Nobody writes an element while another writes or reads it, nor behind the last one.
    pub(crate) unsafe fn start_at(&self, at: usize) -> *mut T {
        assert!(at < self.len);
        // SAFETY: inside the slice.
        unsafe { self.start.add(at) }
    }
}
