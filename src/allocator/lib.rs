//! The program's allocator, and the one thing that must be said to it.

pub use mimalloc::MiMalloc as Allocator;

/// Gives memory that is free back to the system at once.
///
/// The allocator keeps it for a second, in case that it is needed again, and then goes through it only bit by bit as others
/// allocate: after dictionaries were compiled, a quarter of the memory of a busy server was what compiling had needed. Whoever has
/// just freed much that nobody needs again calls this.
pub fn give_back() {
    #[allow(unsafe_code, reason = "the allocator's own crate does not wrap it")]
    // SAFETY: it takes no pointer, touches nothing that is in use, and may be called by any thread at any time.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
