//! The `hotline` command: parses arguments and calls the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: hotline_allocator::Allocator = hotline_allocator::Allocator;

fn main() -> ExitCode {
    hotline::cli::main()
}
