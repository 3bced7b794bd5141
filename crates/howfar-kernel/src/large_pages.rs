//! Memory for what is read from one end to the other, in large pages where the system gives them on request: with pages
//! of 4 KB the CPU spends a good part of the time on looking up addresses. Does not know what is kept there.

/// Below so many numbers (4 MB) large pages are not worth asking for.
const FEWEST: usize = 1 << 20;

/// So many zeros.
pub(crate) fn zeros(n: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; n];
    if n >= FEWEST {
        ask(&mut numbers);
    }
    numbers
}

/// Asks for large pages; where there are none, nothing changes.
#[cfg(target_os = "linux")]
fn ask(numbers: &mut [f32]) {
    const PAGE: usize = 4096;
    let bytes = numbers.as_mut_ptr_range();
    let (start, end) = ((bytes.start as usize).next_multiple_of(PAGE), bytes.end as usize);
    // SAFETY: advice on pages of our own changes no content; the start is aligned and the end inside the slice.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask(_numbers: &mut [f32]) {}
