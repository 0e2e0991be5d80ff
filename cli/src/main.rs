mod args {
    use clap::Parser;
    use ipnet::IpNet;
    use std::net::SocketAddr;
    use std::path::PathBuf;
    use std::time::Duration;
    #[derive(Debug, Parser)]
    pub struct ServeArgs {
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
        pub listen: SocketAddr,
        #[arg(long, value_name = "DIR", default_value = ".greenroom")]
        pub data: PathBuf,
        #[arg(short, long = "file", value_name = "FILE")]
        pub files: Vec<PathBuf>,
        #[arg(long, value_name = "URL", requires = "files")]
        pub git: Vec<String>,
        #[arg(long, value_parser = every, default_value = "60")]
        pub poll: Every,
        #[arg(long, value_parser = secs, default_value="1")]
        pub sweep: Duration,
        #[arg(long, value_name = "CIDR")]
        pub test_may_reach: Vec<IpNet>,
        #[arg(long, value_name = "URL", default_value = "https://api.telegram.org")]
        pub telegram_url: url::Url,
    }
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Every(pub Option<Duration>);
    fn every(t: &str) -> Result<Every, String> {
        let n: u64 = t
            .trim_end_matches('s')
            .parse()
            .map_err(|_| "x".to_owned())?;
        Ok(Every((n > 0).then(|| Duration::from_secs(n))))
    }
    fn secs(t: &str) -> Result<Duration, String> {
        t.trim_end_matches('s')
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| "x".to_owned())
    }
}
mod serve;
#[tokio::main]
async fn main() {
    use clap::Parser;
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    if let Err(e) = serve::run(&args::ServeArgs::parse_from(std::env::args().skip(1))).await {
        eprintln!("{}", greenroom_app::door::chain(&e));
        std::process::exit(1)
    }
}
