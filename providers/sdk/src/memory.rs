//! The allocator of guests.
//!
//! Every call runs in a fresh instance that is thrown away with its memory, so nothing needs to be
//! given back: a pointer that moves up is enough, smaller than a general allocator, and touches each
//! page once.
#![allow(unsafe_code, reason = "an allocator cannot be written without")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;
use core::ptr;

const PAGE: usize = 64 << 10;
/// Growing is a system call, so memory grows by at least so many pages.
const FEWEST_PAGES: usize = 4;

#[global_allocator]
static ALLOCATOR: Bump = Bump {
    next: Cell::new(0),
    end: Cell::new(0),
};

struct Bump {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: the targets of this crate have one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// Where the linker's data end.
    static __heap_base: u8;
}

impl Bump {
    /// Moves the end of what is used to `next`, growing the memory as needed.
    fn extend_to(&self, next: usize) -> bool {
        if next > self.end.get() {
            let missing = (next - self.end.get()).div_ceil(PAGE);
            // What the linker left is used up first; nobody else grows the memory.
            if wasm32::memory_grow::<0>(missing.max(FEWEST_PAGES)) == usize::MAX
                && wasm32::memory_grow::<0>(missing) == usize::MAX
            {
                return false;
            }
            self.end.set(wasm32::memory_size::<0>() * PAGE);
        }
        self.next.set(next);
        true
    }

    fn begin(&self) {
        if self.end.get() == 0 {
            self.next.set(&raw const __heap_base as usize);
            self.end.set(wasm32::memory_size::<0>() * PAGE);
        }
    }
}

// SAFETY: blocks lie between `__heap_base` and the memory's end, aligned, and never overlap: `next`
// only goes back to the beginning of the last block, when that one is freed or resized.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.begin();
        let aligned = self.next.get().checked_next_multiple_of(layout.align());
        let Some(start) = aligned else {
            return ptr::null_mut();
        };
        match start.checked_add(layout.size()) {
            Some(next) if self.extend_to(next) => start as *mut u8,
            _ => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block as usize + layout.size() == self.next.get() {
            self.next.set(block as usize);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start + layout.size() == self.next.get() {
            return match start.checked_add(size) {
                Some(next) if self.extend_to(next) => block,
                _ => ptr::null_mut(),
            };
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller keeps the contract of `realloc`, so size and alignment make a layout.
        let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as the caller promised for `block`; the new one does not overlap it.
        unsafe {
            let new = self.alloc(larger);
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}
