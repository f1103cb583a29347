use crate::world::World;

#[test]
fn the_whole_help_is_as_it_was_read() {
    let world = World::empty();
    let help = |arguments: &[&str]| {
        let run = world.run(arguments);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        run.out
    };
    insta::assert_snapshot!("help", help(&["--help"]));
    for command in ["why", "scan", "deploys", "metrics", "collect", "check", "completions", "man"] {
        insta::assert_snapshot!(format!("help_{command}"), help(&[command, "--help"]));
    }
    for further in ["git", "fill", "rejected"] {
        insta::assert_snapshot!(format!("help_collect_{further}"), help(&["collect", further, "--help"]));
    }
}
