//! An allocator that ends every buffer of numbers at a page that nobody may touch: a kernel that reads or writes behind
//! a buffer, with whatever instructions, ends the test program (signal SIGSEGV). In front of a buffer it sees only what
//! is more than a page off.

use std::alloc::{GlobalAlloc, Layout, System};

use libc::{MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE, mmap, mprotect, munmap};

#[global_allocator]
static FENCE: Fence = Fence;

const PAGE: usize = 4096;

struct Fence;

/// Numbers of 32 bits and of 16, and nothing else that tests hold by the thousand.
fn is_fenced(layout: Layout) -> bool {
    layout.align() == 4 || layout.align() == 2
}

/// Bytes of the pages that hold a buffer.
fn held(layout: Layout) -> usize {
    layout.size().next_multiple_of(PAGE)
}

// SAFETY: pages of its own for each buffer, from which it is given back whole; everything else is the system's.
unsafe impl GlobalAlloc for Fence {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_fenced(layout) {
            // SAFETY: the caller's contract.
            return unsafe { System.alloc(layout) };
        }
        let held = held(layout);
        // SAFETY: new pages with a page behind them; the buffer ends where that page begins, or less than an alignment
        // before.
        unsafe {
            let (rights, kind) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
            let start = mmap(std::ptr::null_mut(), held + 2 * PAGE, rights, kind, -1, 0);
            if start == MAP_FAILED {
                return std::ptr::null_mut();
            }
            let start = start.cast::<u8>();
            mprotect(start.cast(), PAGE, PROT_NONE);
            mprotect(start.add(PAGE + held).cast(), PAGE, PROT_NONE);
            start.add(PAGE + (held - layout.size()) / layout.align() * layout.align())
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !is_fenced(layout) {
            // SAFETY: the caller's contract.
            return unsafe { System.dealloc(at, layout) };
        }
        let in_page = at as usize % PAGE;
        // SAFETY: the pages that `alloc` took; the buffer begins in the first one behind the fence in front.
        unsafe { munmap(at.sub(in_page + PAGE).cast(), held(layout) + 2 * PAGE) };
    }
}

/// The fence stands: a read behind a buffer ends a program.
#[test]
fn the_fence_ends_a_program_that_reads_behind_a_buffer() {
    const TRESPASS: &str = "HOWFAR_TRESPASS";
    let name = "fence::the_fence_ends_a_program_that_reads_behind_a_buffer";
    if std::env::var_os(TRESPASS).is_some() {
        let numbers = std::hint::black_box(vec![1.0f32; 77]);
        // SAFETY: none; that is the point, and no number is used.
        std::hint::black_box(unsafe { numbers.as_ptr().add(77).read_volatile() });
        return;
    }
    let program = std::env::current_exe().expect("a test program has a name");
    let ended = std::process::Command::new(program).args(["--exact", name]).env(TRESPASS, "1").output();
    let status = ended.expect("a program can be started").status;
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGSEGV), "{status}");
}
