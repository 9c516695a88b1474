//! Where PDFs are made: in this process, or in a worker process that ends afterwards.
//!
//! typst keeps what it allocated for its largest report (about 200 MiB after 100 pages). A server that must stay small when
//! idle therefore has its reports made by a short-lived process of its own binary; a report that runs away then also cannot
//! take the server with it.

use crate::error::ReportError;
use crate::fonts::FontSearch;
use crate::render::{Job, Template};
use crate::value::{array, dict};
use jiff::civil::Date;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use typst::foundations::{Dict, IntoValue, Value};

/// Largest job and largest PDF that pass between the processes, in bytes.
const LARGEST_MESSAGE: u64 = 256 * 1024 * 1024;

/// One worker at a time: two would double the memory of the machine, not the speed of two cores.
static ONE_WORKER: Mutex<()> = Mutex::new(());

/// Makes PDFs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    fonts: FontSearch,
    worker: Option<Worker>,
}

/// The command of the worker process; it must call [`run_worker`] with its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// Longest time for one report.
    pub limit: Duration,
}

impl Press {
    /// Makes PDFs in this process: for commands that end afterwards, and for tests.
    pub const fn here(fonts: FontSearch) -> Self {
        Self { fonts, worker: None }
    }

    /// Makes PDFs in a process of its own each: for servers.
    pub const fn in_worker(fonts: FontSearch, worker: Worker) -> Self {
        Self { fonts, worker: Some(worker) }
    }

    pub(crate) fn print(&self, job: Job) -> Result<Vec<u8>, ReportError> {
        match &self.worker {
            None => job.run(&self.fonts),
            Some(worker) => {
                // Asked here as well, so that the caller gets the typed error and no process is started in vain.
                self.fonts.check()?;
                let _turn = ONE_WORKER.lock().unwrap_or_else(PoisonError::into_inner);
                worker.print(&job, &self.fonts)
            }
        }
    }
}

impl Worker {
    fn print(&self, job: &Job, fonts: &FontSearch) -> Result<Vec<u8>, ReportError> {
        let failed = |message: String| ReportError::Worker { program: self.program.clone(), message };
        let message = encode(job, fonts).map_err(&failed)?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let outcome = self.exchange(&mut child, message);
        // Killing one that has ended already changes nothing; waiting leaves no zombie.
        _ = child.kill();
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        match outcome? {
            (pdf, _) if pdf.starts_with(b"%PDF") => Ok(pdf),
            (_, complaint) => Err(failed(format!("{status}: {}", complaint.trim()))),
        }
    }

    /// Gives the job to the child and takes what it says, both in threads, so that the time limit holds for all of it.
    fn exchange(&self, child: &mut Child, message: Vec<u8>) -> Result<(Vec<u8>, String), ReportError> {
        let (sender, receiver) = channel();
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        std::thread::spawn(move || {
            let (mut pdf, mut complaint) = (Vec::new(), Vec::new());
            // A worker that ends early breaks the pipe; its complaint then tells why.
            _ = stdin.map(|mut pipe| pipe.write_all(&message));
            _ = stdout.map(|pipe| pipe.take(LARGEST_MESSAGE).read_to_end(&mut pdf));
            _ = stderr.map(|pipe| pipe.take(4096).read_to_end(&mut complaint));
            _ = sender.send((pdf, String::from_utf8_lossy(&complaint).into_owned()));
        });
        receiver.recv_timeout(self.limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => ReportError::TimedOut { seconds: self.limit.as_secs() },
            RecvTimeoutError::Disconnected => {
                ReportError::Worker { program: self.program.clone(), message: "no answer".to_owned() }
            }
        })
    }
}

/// The other end: reads one job, makes the PDF, writes it. The worker's `main` calls it with its standard streams.
///
/// # Errors
/// [`ReportError`]; the caller prints it to standard error and ends with a status other than 0.
pub fn run_worker(input: impl Read, mut output: impl Write) -> Result<(), ReportError> {
    let broken = |message: String| ReportError::Worker { program: PathBuf::from("worker"), message };
    let mut message = Vec::new();
    input.take(LARGEST_MESSAGE).read_to_end(&mut message).map_err(|error| broken(error.to_string()))?;
    let (job, fonts) = decode(&message).map_err(&broken)?;
    let pdf = job.run(&fonts)?;
    output.write_all(&pdf).and_then(|()| output.flush()).map_err(|error| broken(error.to_string()))
}

fn encode(job: &Job, fonts: &FontSearch) -> Result<Vec<u8>, String> {
    let directories = fonts.directories().iter().filter_map(|path| path.to_str()).map(IntoValue::into_value);
    let message = dict([
        ("template", job.template.name().into_value()),
        ("date", job.date.to_string().into_value()),
        ("data", job.data.clone().into_value()),
        ("fonts", array(directories)),
    ]);
    serde_json::to_vec(&message).map_err(|error| error.to_string())
}

fn decode(message: &[u8]) -> Result<(Job, FontSearch), String> {
    let message: Dict = serde_json::from_slice(message).map_err(|error| error.to_string())?;
    let text = |key: &str| match message.get(key) {
        Ok(Value::Str(text)) => Ok(text.as_str()),
        _ => Err(format!("the job has no {key}")),
    };
    let template = Template::from_name(text("template")?).ok_or("the job names an unknown template")?;
    let date: Date = text("date")?.parse().map_err(|error: jiff::Error| error.to_string())?;
    let (Ok(Value::Dict(data)), Ok(Value::Array(directories))) = (message.get("data"), message.get("fonts")) else {
        return Err("the job has no data".to_owned());
    };
    let directories = directories.iter().filter_map(|value| match value {
        Value::Str(path) => Some(PathBuf::from(path.as_str())),
        _ => None,
    });
    Ok((Job { template, date, data: data.clone() }, FontSearch::in_directories(directories.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::{Lang, PrintHead};

    fn job() -> Job {
        let head = PrintHead {
            lang: Lang::Ja,
            organisation: "みなと北陸通信".into(),
            title: "一覧 #1".into(),
            marking: "【社外秘】".into(),
            report_date: jiff::civil::date(2026, 11, 20),
            checkpoint: sakimori_domain::trail_mark::TrailMark::default(),
        };
        let data = dict([
            ("landscape", false.into_value()),
            ("filter", "".into_value()),
            ("count", 0_i64.into_value()),
            ("columns", array([])),
            ("cells", array([])),
        ]);
        Job::new(Template::List, &head, data)
    }

    fn worker(program: &str, argument: &str) -> Worker {
        Worker { program: program.into(), arguments: vec![argument.into()], limit: Duration::from_millis(300) }
    }

    #[test]
    fn a_job_makes_the_same_pdf_on_the_other_side() {
        let fonts = FontSearch::from_environment();
        let message = encode(&job(), &fonts).expect("a job");
        let mut pdf = Vec::new();
        run_worker(message.as_slice(), &mut pdf).expect("the worker's PDF");
        assert!(pdf == job().run(&fonts).expect("this process's PDF"));
    }

    #[test]
    fn a_worker_that_fails_or_hangs_gives_a_typed_error() {
        let fonts = FontSearch::from_environment();
        let ask = |worker: Worker| Press::in_worker(fonts.clone(), worker).print(job());
        assert!(matches!(ask(worker("/bin/false", "")), Err(ReportError::Worker { .. })));
        assert!(matches!(ask(worker("/no/such/program", "")), Err(ReportError::Worker { .. })));
        assert!(matches!(ask(worker("/bin/sleep", "30")), Err(ReportError::TimedOut { .. })));
    }

    #[test]
    fn a_broken_message_is_refused() {
        for message in ["", "{}", "[]", "{\"template\":\"../etc\",\"date\":\"2026-01-01\"}"] {
            assert!(run_worker(message.as_bytes(), Vec::new()).is_err(), "{message}");
        }
    }
}
