//! The limits of the edge, as settings.

use std::fmt::Write as _;

/// Declares every limit once: the field, its name in settings, its default, and what it means.
macro_rules! limits {
    ($($(#[$doc:meta])+ $field:ident = $name:literal, $default:literal, $ja:literal;)+) => {
        /// How much, how often and how slowly. Sound for 500 people behind one address; see docs/settings.md.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Limits { $($(#[$doc])+ pub $field: u32,)+ }

        impl Default for Limits {
            fn default() -> Self { Self { $($field: $default,)+ } }
        }

        impl Limits {
            /// Name, default and meaning of every limit.
            pub const ALL: &[(&str, u32, &str)] = &[$(($name, $default, $ja),)+];

            /// Sets a limit by its name; `false` for a name that there is not.
            pub fn set(&mut self, name: &str, value: u32) -> bool {
                match name {
                    $($name => self.$field = value,)+
                    _ => return false,
                }
                true
            }

            /// Every limit as a line of a settings file.
            pub fn to_toml(&self) -> String {
                let mut out = String::from("[limits]\n");
                $(let _ = writeln!(out, "{} = {}", $name, self.$field);)+
                out
            }
        }
    };
}

limits! {
    /// Connections at once.
    connections = "connections", 8192, "同時に受け付ける接続数";
    /// Connections at once from one address; trusted proxies are not counted.
    connections_per_address = "connections-per-address", 2048, "1つのアドレスからの同時接続数（信頼するプロキシは数えません）";
    /// Seconds until the header of a request must be there; also how long an idle connection is kept.
    header_seconds = "header-seconds", 30, "要求のヘッダーがそろうまでの秒数。使われない接続を閉じるまでの秒数でもあります";
    /// Largest header of a request, in KiB.
    header_kib = "header-kib", 32, "要求のヘッダーの上限（KiB）";
    /// Seconds that a body may rest before its rate counts.
    body_grace_seconds = "body-grace-seconds", 20, "本文の受信が遅くても待つ秒数";
    /// Slowest body, in bytes a second.
    body_bytes_per_second = "body-bytes-per-second", 4096, "本文の受信速度の下限（バイト毎秒）";
    /// Seconds after which an answer that nobody takes is given up.
    answer_stall_seconds = "answer-stall-seconds", 30, "応答が受け取られないときに接続を閉じるまでの秒数";
    /// Seconds after which a request without an answer is given up.
    request_seconds = "request-seconds", 300, "要求の処理を打ち切るまでの秒数";
    /// Requests a second of one session, after a burst of ten times as many.
    session_per_second = "session-per-second", 50, "1つのセッションの毎秒の要求数（その10倍まで続けて受け付けます）";
    /// Requests a second without a session from one address, after a burst of ten times as many.
    address_per_second = "address-per-second", 60, "サインイン前の、1つのアドレスからの毎秒の要求数（その10倍まで続けて受け付けます）";
    /// Failed attempts to sign in a minute from one address, after a burst of three times as many.
    failures_per_minute = "failures-per-minute", 20, "1つのアドレスからの毎分のサインイン失敗の数（その3倍まで続けて受け付けます）";
    /// Uploads a minute of one session.
    uploads_per_minute = "uploads-per-minute", 60, "1つのセッションの毎分のアップロード数";
    /// Large bodies that one session sends at once.
    large_at_once = "large-at-once", 4, "1つのセッションが同時に送れる大きな本文（256 KiB 超、ファイル）の数";
    /// Large bodies at once of everybody: each may hold 64 MB of memory.
    large_at_once_in_all = "large-at-once-in-all", 24, "全体で同時に受け取る大きな本文の数（1つで最大 64 MB のメモリーを使います）";
    /// Printed and exported files a minute of one session.
    exports_per_minute = "exports-per-minute", 60, "1つのセッションの毎分の印刷・書き出し数";
    /// Searches a minute of one session.
    searches_per_minute = "searches-per-minute", 120, "1つのセッションの毎分の検索数";
}

impl Limits {
    /// As good as none: for tests that are about something else.
    pub fn off() -> Self {
        let mut limits = Self::default();
        for (name, ..) in Self::ALL {
            limits.set(name, 1_000_000);
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_set_by_its_name_and_an_unknown_name_is_refused() {
        let mut limits = Limits::default();
        assert!(limits.set("header-kib", 16) && limits.header_kib == 16);
        assert!(!limits.set("header_kib", 16));
        assert!(limits.to_toml().contains("header-kib = 16\n"));
        assert_eq!(limits.to_toml().lines().count(), Limits::ALL.len() + 1);
    }
}
