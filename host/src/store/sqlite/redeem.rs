//! Redeeming a client's login: only here does an identity become the user whom the client named.
//!
//! A login's link may have been opened by anybody. That the one-time code came back to the client
//! shows that the browser which signed in is the client's user's own; before that, connecting the
//! two would give whoever sent the link the account of whoever opened it.

use super::attempts::standing_outcome;
use super::{Sqlite, cells::Cells};
use crate::store::{Redeemed, StoreError};
use celadon_workflows::types::{IdentityId, LoginId, Outcome, UserId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

impl Sqlite {
    pub(super) async fn redeem(
        &self,
        login: &LoginId,
        client: &str,
        hash: &str,
    ) -> Result<Redeemed, StoreError> {
        let mut transaction = self.begin().await?;
        // How long the comparison takes tells something of the hash at most, never of the code.
        let row = query(
            "UPDATE attempts SET result_redeemed = 1 \
             WHERE id = $1 AND client = $2 AND result_code = $3 AND result_redeemed = 0 \
             RETURNING client_user",
        )
        .bind(login.as_str())
        .bind(client)
        .bind(hash)
        .fetch_all(&mut *transaction)
        .await?;
        let Some(row) = row.first() else {
            return Ok(Redeemed::Refused);
        };
        let name = Cells::of("attempts", row).text_or_none("client_user")?;
        let outcome = standing_outcome(&mut transaction, login).await?.flatten();
        let Some(Outcome::SignedIn {
            authorization,
            identity,
            user,
        }) = outcome
        else {
            return Ok(Redeemed::Refused);
        };
        let connected = match name {
            None => Some(user),
            Some(name) => connect(&mut transaction, client, &name, &identity, user).await?,
        };
        // Dropping the transaction takes back what was written.
        let Some(user) = connected else {
            return Ok(Redeemed::OwnedByAnother);
        };
        let outcome = Outcome::SignedIn {
            authorization,
            identity,
            user: user.clone(),
        };
        let outcome = serde_json::to_string(&outcome).expect("an outcome is made of text alone");
        query("UPDATE attempts SET outcome = $2 WHERE id = $1")
            .bind(login.as_str())
            .bind(outcome)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Redeemed::Redeemed(user))
    }
}

/// Makes the identity that of the user whom the client names. `None`: it is another user's, or that
/// user has another name there.
async fn connect(
    connection: &mut SqliteConnection,
    client: &str,
    name: &str,
    identity: &IdentityId,
    owner: UserId,
) -> Result<Option<UserId>, StoreError> {
    let named: Option<String> =
        query_scalar("SELECT user_id FROM client_users WHERE client = $1 AND name = $2")
            .bind(client)
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
    match named.map(UserId::new) {
        Some(named) if named == owner => Ok(Some(owner)),
        Some(named) => {
            if !is_fresh(connection, &owner, identity).await? {
                return Ok(None);
            }
            move_identity(connection, identity, &owner, &named).await?;
            Ok(Some(named))
        }
        // A user has one name at a client.
        None => {
            let written = query(
                "INSERT INTO client_users (client, name, user_id) VALUES ($1, $2, $3) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(client)
            .bind(name)
            .bind(owner.as_str())
            .execute(connection)
            .await?;
            Ok((written.rows_affected() == 1).then_some(owner))
        }
    }
}

/// Whether a user is this identity and nothing else: no session, no other identity, no name at any
/// client. Only such a one may become another user's.
async fn is_fresh(
    connection: &mut SqliteConnection,
    user: &UserId,
    identity: &IdentityId,
) -> Result<bool, StoreError> {
    let ties: i64 = query_scalar(
        "SELECT (SELECT COUNT(*) FROM sessions WHERE user_id = $1) \
         + (SELECT COUNT(*) FROM client_users WHERE user_id = $1) \
         + (SELECT COUNT(*) FROM identities WHERE user_id = $1 AND id <> $2)",
    )
    .bind(user.as_str())
    .bind(identity.as_str())
    .fetch_one(connection)
    .await?;
    Ok(ties == 0)
}

async fn move_identity(
    connection: &mut SqliteConnection,
    identity: &IdentityId,
    from: &UserId,
    to: &UserId,
) -> Result<(), StoreError> {
    for statement in [
        "UPDATE identities SET user_id = $2 WHERE id = $1",
        "UPDATE authorizations SET user_id = $2 WHERE identity_id = $1",
    ] {
        query(statement)
            .bind(identity.as_str())
            .bind(to.as_str())
            .execute(&mut *connection)
            .await?;
    }
    query("DELETE FROM users WHERE id = $1")
        .bind(from.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
