//! Passwords: Argon2id, and the rules for choosing one (004 2.2.2; OWASP ASVS 5.0.0 6.2).
//!
//! 004 asks for length and several kinds of characters; ASVS 6.2.5 asks that no kinds be demanded. Both are right about
//! what they mean: a short password of one kind is guessed, a long phrase is not. So a short password in plain letters needs
//! three kinds; a phrase of [`PHRASE`] characters, or one with kana or kanji, of which there are thousands, fulfils the
//! rule by what it is.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use sakimori_domain::identity::{PASSWORD_MAX, PASSWORD_MIN};
use sakimori_store::identity::{self as accounts, Account, Membership};
use sakimori_store::sign_in as store;
use serde_json::json;

use crate::sign_in::may_enter;
use crate::{App, AppError, Operation, Refusal, Result};

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

    /// Refuses a password that fits one of the hashes kept.
    async fn refuse_reuse(&self, password: &str, hashes: &[String]) -> Result<()> {
        for hash in hashes {
            if self.verify_password(password, hash).await? {
                return Err(Refusal::invalid(
                    "password-reused",
                    "前に使ったパスワードは使えません。別の文にしてください。",
                    "You have used this password before; choose another one.",
                )
                .into());
            }
        }
        Ok(())
    }

    /// Runs memory-hungry hashing off the request threads, two at a time.
    async fn hashing_task<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = self.hashing.acquire().await.map_err(|error| AppError::Internal(error.to_string()))?;
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|error| AppError::Internal(format!("password hashing: {error}")))
    }
}

/// The hash of a password that a person chooses for themselves.
///
/// # Errors
/// It breaks a rule, or is the present one or one of the last.
pub(crate) async fn chosen(app: &App, account: &Account, seat: &Membership, password: &str) -> Result<String> {
    let own = [&account.login, &account.display_name, &seat.organisation_name, &seat.department_name];
    check_rules(password, &own.map(String::as_str))?;
    let mut past = store::past_passwords(&mut app.read().await?, &account.id, REMEMBERED).await?;
    past.insert(0, account.password_hash.clone());
    app.refuse_reuse(password, &past).await?;
    app.hash_password(password).await
}

/// Puts a password that was [`chosen`] in place of the one that `before` has.
///
/// # Errors
/// The account has another password by now, rests or is suspended.
pub(crate) async fn put_own(op: &mut Operation<'_>, before: &Account, password_hash: String) -> Result<()> {
    let present = accounts::account_held(&mut op.write, &before.id).await?;
    // Of many guesses at once, one that fits comes too late when the others have used up the count: the account rests.
    let now = op.app.now();
    let present = present.filter(|held| held.password_hash == before.password_hash && may_enter(held, now));
    put(op, present.ok_or_else(crate::sign_in::wrong)?, password_hash).await?;
    store::set_password_at(&mut op.write, &before.id, &op.now).await?;
    store::set_issued_until(&mut op.write, &before.id, "").await?;
    op.trail_new("account.password", ("account", &before.id), &json!({})).await
}

/// Puts a password in place of an account's present one, which is remembered.
pub(crate) async fn put(op: &mut Operation<'_>, account: Account, password_hash: String) -> Result<()> {
    store::insert_past_password(&mut op.write, &account.id, &op.now, &account.password_hash).await?;
    Ok(accounts::update_account(&mut op.write, &Account { password_hash, ..account }).await?)
}

/// Passwords that are remembered so that they do not come back, beside the present one.
const REMEMBERED: i64 = 5;
/// From this many characters on, a password counts as a phrase: 16 small letters chosen at random are more than 12 of
/// every kind that follow a habit.
const PHRASE: usize = 16;
/// Different letters that must be left when the well-known words are taken away.
const OWN_LETTERS: usize = 6;

/// Refuses a password that is too short, too long, of one kind, too easy to guess, or the person's own data: login, name,
/// organisation, department.
///
/// # Errors
/// The refusal says which rule.
pub fn check_rules(password: &str, own: &[&str]) -> Result<()> {
    let refuse = |code, ja: &str, en: &str| Err(AppError::from(Refusal::invalid(code, ja, en)));
    if password.chars().count() < PASSWORD_MIN {
        return refuse("password-short", "パスワードは12文字以上にしてください。", "Use at least 12 characters.");
    }
    if password.len() > PASSWORD_MAX {
        return refuse("password-long", "パスワードが長すぎます（256バイトまで）。", "Use at most 256 bytes.");
    }
    if !has_kinds(password) {
        return refuse(
            "password-kinds",
            "16文字より短い場合は、英大文字・英小文字・数字・記号のうち3種類以上を使ってください。長い文や日本語の文ならそのままで使えます。",
            "Below 16 characters use three of: capitals, small letters, digits, signs. A longer phrase may be as it is.",
        );
    }
    let folded = password.to_lowercase();
    let own = own_words(own);
    if own.iter().any(|word| folded.contains(word)) {
        return refuse(
            "password-own-data",
            "ログイン名・氏名・組織名・部署名を含むパスワードは使えません。",
            "Do not use your login, your name, your organisation or your department.",
        );
    }
    let inputs: Vec<&str> = own.iter().map(String::as_str).chain(COMMON).collect();
    if own_letters(&folded) < OWN_LETTERS || zxcvbn::zxcvbn(password, &inputs).score() < zxcvbn::Score::Three {
        return refuse(
            "password-common",
            "推測されやすいパスワードです。関係のない言葉をいくつか並べた文にしてください。",
            "Too easy to guess; put several unrelated words together.",
        );
    }
    Ok(())
}

/// Three kinds of characters; a phrase by length or by script fulfils it.
fn has_kinds(password: &str) -> bool {
    let has = |kind: fn(&char) -> bool| usize::from(password.chars().any(|c| kind(&c)));
    let kinds = has(char::is_ascii_uppercase)
        + has(char::is_ascii_lowercase)
        + has(char::is_ascii_digit)
        + has(|c| c.is_ascii_punctuation() || *c == ' ');
    kinds >= 3 || password.chars().count() >= PHRASE || !password.is_ascii()
}

/// The words of a person's own data that a password may not hold: parts of four letters, or of two where they are not of
/// the Latin alphabet.
fn own_words(own: &[&str]) -> Vec<String> {
    own.iter()
        .flat_map(|text| text.split(|c: char| c.is_whitespace() || "._-@（）()・".contains(c)).chain([*text]))
        .filter(|part| part.chars().count() >= if part.is_ascii() { 4 } else { 2 })
        .map(str::to_lowercase)
        .collect()
}

/// Different letters that are left without the well-known words.
fn own_letters(folded: &str) -> usize {
    let rest = COMMON.iter().fold(folded.to_owned(), |rest, word| rest.replace(word, ""));
    let mut letters: Vec<char> = rest.chars().filter(|c| c.is_alphabetic()).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len()
}

/// Words that lists of leaked passwords are full of, and those that come to mind first in Japanese: this product, flowers,
/// the words for password and test, walks over the keyboard. The longer of two that begin alike stands first.
const COMMON: [&str; 46] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pasuwado",
    "pasuwa-do",
    "パスワード",
    "ぱすわーど",
    "ログイン",
    "123456789",
    "123456",
    "qwertyuiop",
    "qwerty",
    "1qaz2wsx",
    "1qaz",
    "2wsx",
    "asdfghjkl",
    "asdf",
    "zxcvbn",
    "zxcv",
    "letmein",
    "administrator",
    "admin",
    "kanrisha",
    "管理者",
    "かんりしゃ",
    "welcome",
    "iloveyou",
    "abc123",
    "sakimori",
    "防人",
    "さきもり",
    "サキモリ",
    "sakura",
    "さくら",
    "サクラ",
    "nippon",
    "nihon",
    "日本",
    "tokyo",
    "東京",
    "テスト",
    "てすと",
    "あいうえお",
    "いろはにほへと",
    "ありがとう",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easy_passwords_are_refused_and_a_phrase_is_taken() {
        let own = ["tanaka.jiro", "東雲 恵", "みなと湾ターミナル", "設備運用部"];
        for bad in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "Password12345!",
            "Tanaka-Jiro-2026",
            "qwertyuiop1234",
            "abcdefghijklmn",
            "パスワードパスワード2026",
            "さくらさくらさくらさくら",
            "防人防人防人防人防人防人",
            "1qaz2wsx3edc4rfv",
            "東雲の灯台と二艘の曳船と",
            "設備運用部の灯台と二艘の曳船",
            "lamptugboats",
        ] {
            assert!(check_rules(bad, &own).is_err(), "{bad}");
        }
        for good in [
            "灯台と二艘の曳船と三日月",
            "さくら咲く丘の灯台と三日月",
            "harbour lamp 47 tugs",
            "correct horse battery 26",
            "Tug7lamp!Moon",
            "kumo ga nagareru misaki no asa",
        ] {
            assert!(check_rules(good, &own).is_ok(), "{good}: {:?}", check_rules(good, &own).err());
        }
    }

    #[test]
    fn a_short_password_needs_kinds_and_a_long_one_does_not() {
        assert!(!has_kinds("harbourlamps") && !has_kinds("harbour lamps"));
        assert!(has_kinds("Harbour lamps") && has_kinds("harbour lamp 4") && has_kinds("harbourlampsandtugs"));
        assert!(has_kinds("灯台と二艘の曳船と三日月"));
    }
}
