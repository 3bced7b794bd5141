//! What the allocator does with memory that was given back to it.

/// Where mimalloc's list of options has the time after which freed memory goes back to the system.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets mimalloc, where a program allocates with it, keep freed memory for the next buffers instead of giving it back
/// to the system, which must then clear every page anew: half of the time of a training step of StarGAN on two threads
/// (`docs/performance.md`).
pub fn keep_freed_memory() {
    // SAFETY: sets one number of the allocator's, which any thread may do at any time; below 0 is never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_delay_of_a_second_and_then_never() {
        let delay = || {
            // SAFETY: reads one number of the allocator's.
            unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
        };
        // Another number here means that mimalloc's list has changed, or that MIMALLOC_PURGE_DELAY is set.
        assert_eq!(delay(), 1000);
        keep_freed_memory();
        assert_eq!(delay(), -1);
    }
}
