//! Passwords: Argon2id, and the rules for choosing one (004 2.2.2; OWASP ASVS 5.0.0 6.2).

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use sakimori_domain::identity::{PASSWORD_MAX, PASSWORD_MIN};

use crate::{App, AppError, Refusal, Result};

impl App {
    /// Hashes a password (Argon2id, 19 MiB, two passes).
    ///
    /// # Errors
    /// The hash could not be made.
    pub async fn hash_password(&self, password: &str) -> Result<String> {
        let salt: [u8; 16] = self.random();
        let password = password.to_owned();
        self.hashing_task(move || {
            Argon2::default()
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| AppError::Internal(format!("password hash: {error}")))
        })
        .await?
    }

    /// Whether a password fits a hash.
    ///
    /// # Errors
    /// The kept hash cannot be read.
    pub async fn verify_password(&self, password: &str, hash: &str) -> Result<bool> {
        let (password, hash) = (password.to_owned(), hash.to_owned());
        self.hashing_task(move || {
            let parsed =
                PasswordHash::new(&hash).map_err(|error| AppError::Internal(format!("kept password hash: {error}")))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await?
    }

    /// Runs memory-hungry hashing off the request threads, two at a time.
    async fn hashing_task<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = self.hashing.acquire().await.map_err(|error| AppError::Internal(error.to_string()))?;
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|error| AppError::Internal(format!("password hashing: {error}")))
    }
}

/// Refuses a password that is too short, too long, too common or the person's own data.
///
/// # Errors
/// The refusal says which rule.
pub fn check_rules(password: &str, login: &str, name: &str) -> Result<()> {
    let refuse = |code, ja: &str, en: &str| Err(AppError::from(Refusal::invalid(code, ja, en)));
    if password.chars().count() < PASSWORD_MIN {
        return refuse("password-short", "パスワードは12文字以上にしてください。", "Use at least 12 characters.");
    }
    if password.len() > PASSWORD_MAX {
        return refuse("password-long", "パスワードが長すぎます（256バイトまで）。", "Use at most 256 bytes.");
    }
    let folded = password.to_lowercase();
    let own = [login, name].into_iter().any(|word| word.chars().count() >= 4 && folded.contains(&word.to_lowercase()));
    if own {
        return refuse(
            "password-own-data",
            "ログイン名や氏名を含むパスワードは使えません。",
            "Do not use your login or name.",
        );
    }
    let mut letters: Vec<char> = folded.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5 || COMMON.iter().any(|common| folded.contains(common)) {
        return refuse(
            "password-common",
            "推測されやすいパスワードです。別の文にしてください。",
            "Too easy to guess; choose another phrase.",
        );
    }
    Ok(())
}

/// Beginnings of the passwords that lists of leaked ones are full of.
const COMMON: [&str; 10] = [
    "password",
    "123456",
    "qwerty",
    "letmein",
    "administrator",
    "welcome",
    "iloveyou",
    "abc123",
    "p@ssw0rd",
    "sakimori",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easy_passwords_are_refused_and_a_phrase_is_taken() {
        for bad in ["short", "aaaaaaaaaaaaaaaa", "password12345", "tanaka-taro-2026", "qwertyuiop1234"] {
            assert!(check_rules(bad, "tanaka", "x").is_err(), "{bad}");
        }
        assert!(check_rules("灯台と二艘の曳船と三日月", "tanaka", "x").is_ok());
        assert!(check_rules("harbour lamp 47 tugs", "tanaka", "x").is_ok());
    }
}
