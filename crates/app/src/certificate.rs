//! The end of the server's certificate: those who administer are told of it once per threshold. Without a certificate
//! nobody gets in, and the log alone is read by few.

use jiff::Timestamp;
use sakimori_domain::identity::Role;
use sakimori_store::registry;
use serde_json::json;

use crate::notice::{self, Audience};
use crate::{Actor, App, Result};

/// Days before the end at which somebody is told.
const THRESHOLDS: [i64; 4] = [30, 14, 7, 1];
const DAY: i64 = 86_400;

/// Whole days until a moment (in seconds since 1970); negative when it has passed.
pub fn days_left(now: Timestamp, until: i64) -> i64 {
    (until - now.as_second()).div_euclid(DAY)
}

/// The threshold that has been passed last; `None` while the end is far.
pub fn threshold(now: Timestamp, until: i64) -> Option<i64> {
    let left = days_left(now, until);
    THRESHOLDS.into_iter().rev().find(|days| left < *days)
}

/// Tells the administrators of every organisation that the certificate in use ends, if they were not told of this
/// threshold of this certificate yet. Says how many organisations were told.
///
/// # Errors
/// A database error.
pub async fn tell_of_end(app: &App, until: i64) -> Result<usize> {
    let Some(threshold) = threshold(app.now(), until) else { return Ok(0) };
    let ends =
        Timestamp::from_second(until).map_or_else(|_| String::new(), |at| crate::context::japan_date(at).to_string());
    let key = format!("{until}/{threshold}");
    let subject = ("certificate", key.as_str());
    let ja = format!("このサーバーの証明書（TLS）は{ends}に切れます。切れると、だれもサインインできなくなります。");
    let en = format!("The TLS certificate of this server ends on {ends}. From then on nobody can sign in.");
    let organisations = registry::organisations(&mut app.read().await?).await?;
    let mut told = 0;
    for organisation in organisations {
        let system = Actor::system(&organisation.id);
        let mut op = app.operate_as(&system).await?;
        let to = Audience::Role(Role::Administrator);
        let text = (ja.as_str(), en.as_str());
        if notice::tell_once(&mut op, &organisation.id, to, "certificate.ending", subject, text, 400).await? {
            op.trail_new("certificate.ending", subject, &json!({ "ends": ends })).await?;
            op.commit().await?;
            told += 1;
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_holds_until_the_next() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |days: i64| threshold(now, days * DAY + 1);
        assert_eq!(
            [at(40), at(30), at(29), at(14), at(13), at(7), at(6), at(1), at(0)],
            [None, None, Some(30), Some(30), Some(14), Some(14), Some(7), Some(7), Some(1)]
        );
        assert_eq!(threshold(now, -5), Some(1), "ended");
        assert_eq!(days_left(now, -5), -1);
    }
}
