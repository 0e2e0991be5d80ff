//! Examples of every command, and the pages that are about all of them.

pub const ROOT: &str = "\
Examples:
  greenroom init                              write a stage file
  greenroom validate                          find all its problems
  greenroom serve -f greenroom.yaml           run the control plane
  greenroom status --watch                    see what is where
  greenroom why prod                          see what prod waits for

More: greenroom help exit-codes, greenroom help environment";

pub const SERVE: &str = "\
Examples:
  greenroom serve -f greenroom.yaml
  greenroom serve --listen 127.0.0.1:0 --data /var/lib/greenroom --poll 30s
  greenroom serve -f a/greenroom.yaml -f b/greenroom.yaml --test-may-reach 10.0.0.0/8";

pub const INIT: &str = "\
Examples:
  greenroom init
  greenroom init --template gitflow --force";

pub const DOCTOR: &str = "\
Examples:
  greenroom doctor
  greenroom doctor --json";

pub const VALIDATE: &str = "\
Examples:
  greenroom validate
  greenroom validate -f services/orders/greenroom.yaml --json
  git show main:greenroom.yaml | greenroom validate -f -";

pub const SCHEMA: &str = "\
Examples:
  greenroom schema > greenroom.schema.json";

pub const RESOLVE: &str = "\
Examples:
  greenroom resolve --ref refs/heads/feature/x --actor alice
  greenroom resolve --ref refs/tags/v1.2.0 --json
  greenroom resolve --event pull_request --ref feature/x --base develop --pr 12 --label preview
  greenroom resolve --event schedule --ref master --rule preprod";

pub const SIMULATE: &str = "\
Examples:
  greenroom simulate
  greenroom simulate -f greenroom.yaml --days 90 --runs 5
  greenroom simulate --seed 7 --json";

pub const SYNTH: &str = "\
Examples:
  greenroom synth > pipelines.json
  greenroom synth -f greenroom.yaml --secret-prefix greenroom/ > pipelines.json
  greenroom synth --json | jq .definitions";

pub const APPLY: &str = "\
Examples:
  greenroom apply
  greenroom apply --yes --parameter Connection=arn:aws:... --parameter Artifacts=BUCKET \
--parameter AdmissionFunction=NAME
  greenroom apply -f services/orders/greenroom.yaml --app acme/orders --json";

pub const APP: &str = "\
Examples:
  greenroom app add acme/orders
  greenroom app add acme/orders --git /srv/git/orders.git
  greenroom app list";

pub const APP_ADD: &str = "\
Examples:
  greenroom app add acme/orders
  greenroom app add acme/orders --git /srv/git/orders.git --id 1296269";

pub const APP_LIST: &str = "\
Examples:
  greenroom app list
  greenroom app list --json";

pub const STATUS: &str = "\
Examples:
  greenroom status
  greenroom status prod --exit-code
  greenroom status --watch
  greenroom status --json";

pub const WHY: &str = "\
Examples:
  greenroom why prod
  greenroom why orders:preprod --json";

pub const LOG: &str = "\
Examples:
  greenroom log prod
  greenroom log preprod --run 12
  greenroom log preprod --limit 200 --json";

pub const JOURNEY: &str = "\
Examples:
  greenroom journey $(git rev-parse HEAD)
  greenroom journey 3f2a91c0 --json
  greenroom journey feature/basket";

pub const DIFF: &str = "\
Examples:
  greenroom diff qa prod
  greenroom diff orders:preprod orders:prod --json";

pub const GATES: &str = "\
Examples:
  greenroom gates --release 3f2a91c0
  greenroom gates --release feature/basket
  greenroom gates --release $(git rev-parse HEAD) --stage prod

Exits 3 when a gate is closed.";

pub const RELEASES: &str = "\
Examples:
  greenroom releases
  greenroom releases --branch feature/basket";

pub const DEPLOY: &str = "\
Examples:
  greenroom deploy dev --release feature/basket
  greenroom deploy dev --release 3f2a91c0";

pub const MARK: &str = "\
Examples:
  greenroom mark dev-complete --release feature/basket
  greenroom mark accepted --release v1.4.0 --note 'demo of 12 May'
  greenroom mark bad --release 3f2a91c0 --reason 'it loses orders'";

pub const UNMARK: &str = "\
Examples:
  greenroom unmark bad --release 3f2a91c0";

pub const WAIT: &str = "\
Examples:
  greenroom wait dev
  greenroom wait prod --for idle --timeout 30m
  greenroom wait dev $(git rev-parse HEAD) --for revision";

pub const PROMOTE: &str = "\
Examples:
  greenroom promote prod";

pub const APPROVE: &str = "\
Examples:
  greenroom approve prod --revision 3f2a91c0
  greenroom approve prod --as carol";

pub const REJECT: &str = "\
Examples:
  greenroom reject prod --reason 'the price list is wrong'";

pub const ROLLBACK: &str = "\
Examples:
  greenroom rollback prod --reason 'checkout is slow'
  greenroom rollback prod --to 3f2a91c0 --reason 'checkout is slow'";

pub const RETRY: &str = "\
Examples:
  greenroom retry preprod";

pub const ABORT: &str = "\
Examples:
  greenroom abort dev --reason 'wrong branch'";

pub const LOCK: &str = "\
Examples:
  greenroom lock prod --reason 'end of quarter'
  greenroom lock qa --reason 'load test' --until 2h
  greenroom lock prod --reason 'holidays' --until 2027-01-07T08:00:00Z
  greenroom lock @europe --reason 'the exchange is closed'";

pub const UNLOCK: &str = "\
Examples:
  greenroom unlock prod";

pub const REFRESH: &str = "\
Examples:
  greenroom refresh preprod";

pub const ACK: &str = "\
Examples:
  greenroom ack preprod --note 'reverting'";

pub const FREEZE: &str = "\
Examples:
  greenroom freeze
  greenroom freeze prod --json";

pub const OVERRIDE: &str = "\
Examples:
  greenroom override prod --reason 'customers cannot pay'
  greenroom override prod --revision 3f2a91c0 --reason 'customers cannot pay'";

pub const PAUSE: &str = "\
Examples:
  greenroom pause --reason 'the data centre moves'
  greenroom pause --app acme/orders --reason 'audit' --until 2h
  greenroom pause --all --reason 'the network is down'";

pub const RESUME: &str = "\
Examples:
  greenroom resume
  greenroom resume --all";

pub const NOTIFY: &str = "\
Examples:
  greenroom notify --test team
  greenroom notify --test mail --app acme/orders";

pub const EXTEND: &str = "\
Examples:
  greenroom extend alice
  greenroom extend alice --until 14d";

pub const PARK: &str = "\
Examples:
  greenroom park alice --reason 'on holiday'
  greenroom park alice --reason 'shown to customers on Friday' --until 5d";

pub const UNPARK: &str = "\
Examples:
  greenroom unpark alice";

pub const PIN: &str = "\
Examples:
  greenroom pin alice --reason 'our demo for the fair'";

pub const UNPIN: &str = "\
Examples:
  greenroom unpin alice";

pub const DESTROY: &str = "\
Examples:
  greenroom destroy alice --reason 'not needed any more'
  greenroom destroy alice --reason 'what was left is gone' --yes";

pub const TOGGLE: &str = "\
Examples:
  greenroom toggle prod-backup
  greenroom toggle prod

The stage is the one to lead people to: it has to be green. Back to the one they came from they can
be led as long as that is kept, whatever closes it to what is new.";

pub const SETTLE: &str = "\
Examples:
  greenroom settle prod";

pub const MUTE: &str = "\
Examples:
  greenroom mute preprod --for 2h --reason 'the database moves'
  greenroom mute preprod --until 2027-01-07T08:00:00Z --reason 'the database moves'

What still is so when the mute is over is told then.";

pub const UNMUTE: &str = "\
Examples:
  greenroom unmute preprod";

pub const DUTY: &str = "\
Examples:
  greenroom duty
  greenroom duty --app acme/orders --json";

pub const COMPLETIONS: &str = "\
Examples:
  greenroom completions bash > /etc/bash_completion.d/greenroom
  greenroom completions zsh > ~/.zfunc/_greenroom";

pub const MAN: &str = "\
Examples:
  greenroom man > greenroom.1";

pub const EXIT_CODES: &str = "\
Exit codes

  0    it worked
  1    it failed
  2    the call, the stage file or the environment is wrong
  3    the stage is red, or a gate refused
  4    no valid token, or you may not
  5    there is no such thing
  6    somebody or something else was first; try again
  7    it took too long
  8    it is under way and not decided yet
  130  interrupted";

pub const ENVIRONMENT: &str = "\
Environment

  GREENROOM_URL      address of the server, as --url
  GREENROOM_TOKEN    its token; or GREENROOM_TOKEN_FILE, a file that holds it
  GREENROOM_USER     who commands are recorded as, unless --as says otherwise
  GREENROOM_FORMAT   `json` is the same as --json
  NO_COLOR           no colour; also CLICOLOR=0 and TERM=dumb
  CLICOLOR_FORCE     colour even where stdout is no terminal
  COLUMNS            width of the output

Only for greenroom serve; each also as ..._FILE, a file that holds it

  GREENROOM_TOKEN                    token of the API [default: made, and kept in the data folder]
  GREENROOM_WEBHOOK_SECRET           what GitHub signs webhooks with
  GREENROOM_WEBHOOK_SECRET_PREVIOUS  what it signed them with before; still accepted
  RUST_LOG                           what the log holds [default: info]";
