//! Runs every model and prints a line of the table in `docs/models.md` for each.

use greenroom_models::models::{self, Size};
use greenroom_models::outbox::Outbox;
use greenroom_models::protocol::Protocol;
use greenroom_models::report;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Size::Small,
        ["--large"] => Size::Large,
        _ => {
            eprintln!("usage: greenroom-models [--large]");
            std::process::exit(2);
        }
    };
    for setup in [
        models::claim(size),
        models::claims(size),
        models::lock(size),
        models::locks(size),
        models::approval(size),
        models::promotion(size),
        models::refresh(size),
    ] {
        let name = setup.name;
        println!("{name}: {}", report::holds(Protocol::new(setup)));
    }
    for (name, bounds) in [
        ("outbox, many processes", models::outbox(size)),
        ("outbox, one process", models::outbox_alone(size)),
    ] {
        println!("{name}: {}", report::holds(Outbox::new(bounds)));
    }
}
