//! The `hotline` command: parses arguments and calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hotline::cli::main()
}
