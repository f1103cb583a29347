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
    for command in ["why", "scan", "deploys", "metrics", "completions", "man"] {
        insta::assert_snapshot!(format!("help_{command}"), help(&[command, "--help"]));
    }
}

#[test]
fn what_does_not_exist_yet_is_not_in_the_help() {
    let world = World::empty();
    for command in [&["--help"][..], &["why", "--help"], &["scan", "--help"]] {
        let help = world.run(command).out.to_lowercase();
        for word in ["collect", "bigquery"] {
            assert!(!help.contains(word), "{word} in {command:?}");
        }
    }
}
