//! The program `shiptrace`.

use std::panic;
use std::process::ExitCode;

/// What a bug ends with, as `EX_SOFTWARE` of sysexits.h.
const BUG: u8 = 70;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|bug| {
        eprintln!("error: this is a bug in shiptrace: {bug}\nhint: please report it with the command that you ran");
    }));
    panic::catch_unwind(|| shiptrace::cli::run(std::env::args_os())).unwrap_or(ExitCode::from(BUG))
}
