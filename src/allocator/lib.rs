//! The program's allocator, and the one thing that must be said to it.

use libmimalloc_sys::{mi_collect, mi_option_get, mi_option_set, mi_option_t};
pub use mimalloc::MiMalloc as Allocator;

/// For how many milliseconds memory that is free is kept, in case that it is needed again: `mi_option_purge_delay` in
/// mimalloc.h, which the crate does not name.
const PURGE_DELAY: mi_option_t = 15;

/// Does work that needs much memory for a moment, and gives back to the system what it does not keep.
///
/// The allocator would keep it for a second, and what is needed later would be put into it: of pages that were full a moment
/// ago and are hardly used now, a tenth of the memory of a busy server. So nothing is kept meanwhile: that costs a server's start
/// 0.15 s and saves 30 MB for as long as it runs. Where it is kept for ten milliseconds, hardly anything is saved.
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
}
