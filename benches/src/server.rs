//! The program under measurement: started like a user starts it, on loopback, with a data folder of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::Watch;
use crate::http::{Client, Session};

/// Longest time to wait for the first answer.
const START_MAX: Duration = Duration::from_secs(60);

/// The benches ask more often than people do.
const LIMITS: &str = "session-per-second=1000000,address-per-second=1000000,failures-per-minute=1000000,exports-per-minute=100000,searches-per-minute=100000";

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    /// From starting the process to the whole first page.
    pub started_in: Duration,
}

impl Server {
    /// Starts `sakimori <command> --data FOLDER` and waits for its first page.
    ///
    /// # Errors
    /// It does not start, or does not answer in time.
    pub async fn start(program: &Path, command: &str, data: &Path) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut run = Command::new(program);
        run.args([command, "--listen", &address, "--data"]).arg(data);
        if command == "serve" {
            run.arg("--insecure-cookies");
        }
        Self::wait(run, program, command, address).await
    }

    /// Starts `sakimori serve` on a PostgreSQL database and waits for its first page.
    ///
    /// # Errors
    /// It does not start, or does not answer in time.
    pub async fn start_on(program: &Path, url: &str, data: &Path) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut run = Command::new(program);
        run.args(["serve", "--insecure-cookies", "--listen", &address, "--data"]).arg(data);
        run.env("SAKIMORI_DATABASE_URL", url);
        Self::wait(run, program, "serve", address).await
    }

    async fn wait(mut run: Command, program: &Path, command: &str, address: String) -> Result<Self> {
        let watch = Watch::start();
        let child = run
            .env("SAKIMORI_LOG", "warn")
            // One session asks as fast as it can; nobody does.
            .env("SAKIMORI_LIMIT", LIMITS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("{} does not start; build it with cargo build --release -p sakimori", program.display())
            })?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        while watch.elapsed() < START_MAX {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} {command} ended with {status}", program.display());
            }
            if let Ok(mut client) = Client::connect(&server.address, &Session::default()).await
                && client.get("/sign-in").await.is_ok()
            {
                server.started_in = watch.elapsed();
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("{} {command} gave no page within {} s", program.display(), START_MAX.as_secs())
    }

    /// Resident memory now and at its highest, in MB (10⁶ bytes).
    ///
    /// # Errors
    /// The process is gone.
    pub fn memory(&self) -> Result<Memory> {
        Memory::of(&format!("/proc/{}/status", self.child.id()))
    }

    /// Ends it as an operator would (SIGTERM) and waits.
    ///
    /// # Errors
    /// It cannot be told to end.
    pub fn end(mut self) -> Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if told.success() {
            self.child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended already cannot be killed, and needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Resident memory of a process, in MB (10⁶ bytes).
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub now: f64,
    pub highest: f64,
}

impl Memory {
    /// Reads a `/proc/PID/status`.
    ///
    /// # Errors
    /// No such process, or not Linux.
    pub fn of(status: &str) -> Result<Self> {
        let text = std::fs::read_to_string(status).with_context(|| format!("{status}: cannot be read (Linux only)"))?;
        let field = |name: &str| -> Result<f64> {
            let line =
                text.lines().find(|line| line.starts_with(name)).with_context(|| format!("{status}: no {name}"))?;
            let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
            Ok(kib * 1024.0 / 1e6)
        };
        Ok(Self { now: field("VmRSS:")?, highest: field("VmHWM:")? })
    }
}

/// A folder in the machine's temporary directory, gone when dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// The temporary directory cannot be written.
    pub fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("sakimori-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Self(path))
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: a folder left in the temporary directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
