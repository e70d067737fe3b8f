//! The program's allocator, and what must be said of memory to it and to the system.

use std::ffi::c_void;
use std::ptr::NonNull;

use libmimalloc_sys::{mi_collect, mi_option_get, mi_option_set, mi_option_t};
pub use mimalloc::MiMalloc as Allocator;
use nix::sys::mman::{MmapAdvise, madvise};
use nix::unistd::{SysconfVar, sysconf};

/// For how many milliseconds memory that is free is kept, in case that it is needed again: `mi_option_purge_delay` in
/// mimalloc.h, which the crate does not name.
const PURGE_DELAY: mi_option_t = 15;

/// Does work that needs much memory for a moment, and gives back to the system what it does not keep.
///
/// The allocator would keep it for a second, and what is needed later would be put into it: of pages that were full a moment
/// ago and are hardly used now, a tenth of the memory of a busy server. So nothing is kept meanwhile: where dictionaries are compiled
/// that costs 0.15 s, and saves 30 MB for as long as a server runs. Where it is kept for ten milliseconds, hardly anything is saved.
pub fn sparing<T>(work: impl FnOnce() -> T) -> T {
    let usual = set_purge_delay(0);
    let done = work();
    set_purge_delay(usual);
    #[allow(unsafe_code, reason = "the allocator's own crate does not wrap it")]
    // SAFETY: it takes no pointer, touches nothing that is in use, and may be called by any thread at any time.
    unsafe {
        mi_collect(true);
    }
    done
}

/// Sets how long free memory is kept, and says how long it was.
fn set_purge_delay(milliseconds: std::ffi::c_long) -> std::ffi::c_long {
    #[allow(unsafe_code, reason = "the allocator's own crate does not wrap it")]
    // SAFETY: no pointer is taken. The option is one aligned word that the allocator looks at when memory is freed; a thread
    // that frees some just now sees the old figure or the new one, and either is right.
    unsafe {
        let usual = mi_option_get(PURGE_DELAY);
        mi_option_set(PURGE_DELAY, milliseconds);
        usual
    }
}

/// So much memory is a whole number of pages everywhere…
const PAGE: usize = 64 * 1024;

/// …and so much is one, where the system tells.
fn page() -> usize {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE)
}

/// Data of the program's own file that was read and is hardly read again is no longer kept in memory. It stays readable: the system
/// fetches it from the file once more.
pub fn put_away(data: &'static [u8]) {
    let page = page();
    let front = data.as_ptr().align_offset(page);
    let whole = data.len().saturating_sub(front) / page * page;
    let Some(pages) = data.get(front..).map(|rest| &rest[..whole]).filter(|pages| !pages.is_empty()) else { return };
    let start = NonNull::from(pages).cast::<c_void>();
    #[allow(unsafe_code, reason = "what the advice does depends on what the memory is")]
    // SAFETY: these pages hold nothing but constant data, which nobody wrote to since the program's file was mapped: what is read
    // of them afterwards comes from that file, and is the same. An error means that they are still there.
    let _kept = unsafe { madvise(start, pages.len(), MmapAdvise::MADV_DONTNEED) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_meanwhile_and_then_as_long_as_ever() {
        let usual = set_purge_delay(1000);
        assert_eq!(usual, 1000, "the option has another number in this version");
        assert_eq!(sparing(|| set_purge_delay(0)), 0);
        assert_eq!(set_purge_delay(usual), usual);
    }
    #[test]
    fn what_is_put_away_stays_readable() {
        static DATA: [u8; 3 * PAGE] = [7; 3 * PAGE];
        put_away(&DATA);
        put_away(&DATA[..9]);
        assert!(DATA.iter().all(|byte| *byte == 7));
    }
}
