//! `sakimori admin token`, `allow-list` and `oidc`: who comes in, and from where.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use sakimori_app::api_token::{self, NewToken};
use sakimori_app::{Actor, App, allow_list, oidc};
use sakimori_domain::identity::TokenScope;
use sakimori_store::{api_token as tokens, identity as accounts};

use crate::common::{DataArgs, open_app, told};

/// One of them and where the data is.
#[derive(Args)]
pub struct EntranceArgs<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Tokens in use of an organisation, as tab-separated lines.
    List {
        /// Id of the organisation.
        #[arg(long)]
        organisation: String,
    },
    /// End a token at once.
    Revoke {
        #[arg(long)]
        organisation: String,
        /// Id of the token.
        id: String,
    },
    /// Make a token for somebody; it is printed once.
    Create {
        #[arg(long)]
        organisation: String,
        /// Login of its holder.
        #[arg(long)]
        login: String,
        #[arg(long)]
        name: String,
        /// read-standards, read-crosswalks, read-answers, write-answers (repeatable, or with commas).
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// Days until it ends, at most 365.
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
}

#[derive(Subcommand)]
pub enum OidcCommand {
    /// Set a provider up from a TOML file (docs/guide/14-entrances.md).
    Set {
        #[arg(long)]
        organisation: String,
        /// The settings.
        file: PathBuf,
        /// File with the client secret.
        #[arg(long)]
        secret_file: Option<PathBuf>,
    },
    /// Say whose account a subject of the provider is.
    Link {
        #[arg(long)]
        organisation: String,
        #[arg(long)]
        login: String,
        #[arg(long)]
        subject: String,
    },
    /// Take the provider away; people sign in with their passwords again.
    Remove {
        #[arg(long)]
        organisation: String,
    },
}

#[derive(Subcommand)]
pub enum AllowListCommand {
    /// Let people of an organisation come from anywhere again.
    Clear {
        #[arg(long)]
        organisation: String,
    },
}

/// API tokens.
///
/// # Errors
/// The data cannot be opened, or the act is refused.
pub async fn token(args: EntranceArgs<TokenCommand>) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let done = tokens_of(&app, args.command).await;
    app.store().close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn tokens_of(app: &App, command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::List { organisation } => {
            let now = app.now().to_string();
            for t in tokens::live(&mut app.read().await?, &organisation, "", &now).await? {
                println!("{}\t{}\t{}\t{}\t{}\t{}", t.id, t.login, t.name, t.scopes, t.expires_at, t.used_at);
            }
        }
        TokenCommand::Revoke { organisation, id } => {
            api_token::revoke_on_machine(app, &organisation, &id).await.map_err(told)?;
        }
        TokenCommand::Create { organisation, login, name, scope, days } => {
            let holder = holder(app, &organisation, &login).await?;
            let scopes = scope
                .iter()
                .map(|code| TokenScope::from_code(code.trim()).ok_or_else(|| anyhow!("no scope {code}")))
                .collect::<Result<_>>()?;
            let made = api_token::create(app, &holder, NewToken { name, scopes, days }).await;
            println!("{}", made.map_err(told)?);
            eprintln!("トークンは二度と表示されません。 / The token is not shown again.");
        }
    }
    Ok(())
}

/// Networks from which people may come.
///
/// # Errors
/// The data cannot be opened.
pub async fn allow_list(args: EntranceArgs<AllowListCommand>) -> Result<ExitCode> {
    let AllowListCommand::Clear { organisation } = args.command;
    let app = open_app(&args.data).await?;
    let done = allow_list::clear_on_machine(&app, &organisation).await;
    app.store().close().await;
    done.map_err(told)?;
    Ok(ExitCode::SUCCESS)
}

/// Single sign-on.
///
/// # Errors
/// The data or a file cannot be opened, or the settings are refused.
pub async fn oidc(args: EntranceArgs<OidcCommand>) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let done = single_sign_on(&app, args.command).await;
    app.store().close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn single_sign_on(app: &App, command: OidcCommand) -> Result<()> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("{} を読めません / cannot be read", path.display()))
    };
    let done = match command {
        OidcCommand::Set { organisation, file, secret_file } => {
            let settings: oidc::Settings = toml::from_str(&read(&file)?)?;
            let secret = secret_file.as_ref().map(read).transpose()?.unwrap_or_default();
            let done = oidc::set_up(app, &organisation, &settings, secret.trim()).await;
            println!("{}/sign-in/single/{organisation}", settings.public_url.trim_end_matches('/'));
            done
        }
        OidcCommand::Link { organisation, login, subject } => oidc::link(app, &organisation, &login, &subject).await,
        OidcCommand::Remove { organisation } => oidc::remove(app, &organisation).await,
    };
    done.map_err(told)
}

/// The holder of a new token, as if they made it themselves at the machine.
async fn holder(app: &App, organisation: &str, login: &str) -> Result<Actor> {
    let unknown = || anyhow!("{login} はこの組織の利用者ではありません / is nobody of this organisation");
    let mut c = app.read().await?;
    let account = accounts::account_by_login(&mut c, login).await?.ok_or_else(unknown)?;
    let seat = accounts::membership_of(&mut c, &account.id, organisation).await?.ok_or_else(unknown)?;
    Ok(Actor {
        account_id: account.id,
        login: account.login,
        name: account.display_name,
        role: seat.role,
        department_id: seat.department_id,
        ..Actor::system(organisation)
    })
}
