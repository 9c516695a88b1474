//! The runner of jobs in a server process.

use std::sync::Arc;
use std::time::Duration;

use sakimori_app::{App, jobs};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two looks at what is due. A look is one indexed read.
const PAUSE: Duration = Duration::from_secs(3);

/// Runs what is due until `stop` turns true; the job under way is finished first.
pub fn start(app: Arc<App>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        // The process's number first, for who looks for it on the machine.
        let worker = format!("{}-{}", std::process::id(), app.new_id());
        tracing::info!(worker, "running jobs");
        let mut announced = false;
        while !*stop.borrow() {
            if !announced {
                announced = jobs::announce(&app, jobs::KINDS).await.inspect_err(log).is_ok();
            }
            if announced && let Err(error) = jobs::run_due(&app, jobs::KINDS, &worker).await {
                log(&error);
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.changed() => {}
            }
        }
    })
}

fn log(error: &sakimori_app::AppError) {
    tracing::warn!(%error, "the jobs could not be looked at; trying again");
}
