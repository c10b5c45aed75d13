//! The end of a login that succeeded: user, identity, grant, outcome and audit event in one
//! transaction.

use super::audit::append;
use super::cells::{Cells, number};
use super::{Sqlite, attempts};
use crate::random;
use crate::store::{AuditEvent, NewGrant, PersistOutcome, StoreError};
use celadon_workflows::types::{AuthorizationId, IdentityId, Outcome, Persisted, UserId};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

impl Sqlite {
    pub(super) async fn persist(&self, grant: &NewGrant) -> Result<PersistOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        match attempts::standing_outcome(&mut transaction, &grant.login).await? {
            Some(None) => {}
            Some(Some(Outcome::SignedIn {
                authorization,
                identity,
                user,
            })) => {
                return Ok(PersistOutcome::Persisted(Persisted {
                    authorization,
                    identity,
                    user,
                }));
            }
            Some(Some(outcome)) => return Ok(PersistOutcome::Ended(outcome)),
            None => return Ok(PersistOutcome::Ended(Outcome::Expired)),
        }
        let known = known_identity(&mut transaction, grant).await?;
        let user = match &known {
            Some((_, owner)) => owner.clone(),
            None => insert_user(&mut transaction, grant).await?,
        };
        let identity = match known {
            Some((identity, _)) => update_identity(&mut transaction, grant, identity).await?,
            None => insert_identity(&mut transaction, grant, &user).await?,
        };
        let persisted = Persisted {
            authorization: upsert_authorization(&mut transaction, grant, &user, &identity).await?,
            identity,
            user,
        };
        conclude(&mut transaction, grant, &persisted).await?;
        transaction.commit().await?;
        Ok(PersistOutcome::Persisted(persisted))
    }
}

async fn known_identity(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
) -> Result<Option<(IdentityId, UserId)>, StoreError> {
    let row = query(
        "SELECT id, user_id FROM identities \
         WHERE namespace = $1 AND issuer = $2 AND subject = $3",
    )
    .bind(grant.provider.as_str())
    .bind(&grant.issuer)
    .bind(&grant.subject)
    .fetch_optional(connection)
    .await?;
    row.as_ref()
        .map(|row| {
            let cells = Cells::of("identities", row);
            Ok((
                IdentityId::new(cells.text("id")?),
                UserId::new(cells.text("user_id")?),
            ))
        })
        .transpose()
}

async fn insert_user(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
) -> Result<UserId, StoreError> {
    let user = UserId::new(random::id());
    query("INSERT INTO users (id, created_at) VALUES ($1, $2)")
        .bind(user.as_str())
        .bind(number(grant.now))
        .execute(connection)
        .await?;
    Ok(user)
}

async fn insert_identity(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
    user: &UserId,
) -> Result<IdentityId, StoreError> {
    let identity = IdentityId::new(random::id());
    query(
        "INSERT INTO identities (id, user_id, namespace, issuer, subject, email, email_verified, \
         profile, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(identity.as_str())
    .bind(user.as_str())
    .bind(grant.provider.as_str())
    .bind(&grant.issuer)
    .bind(&grant.subject)
    .bind(&grant.email)
    .bind(i64::from(grant.email_verified))
    .bind(grant.profile.as_bytes())
    .bind(number(grant.now))
    .execute(connection)
    .await?;
    Ok(identity)
}

async fn update_identity(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
    identity: IdentityId,
) -> Result<IdentityId, StoreError> {
    query(
        "UPDATE identities SET email = $2, email_verified = $3, profile = $4, updated_at = $5 \
         WHERE id = $1",
    )
    .bind(identity.as_str())
    .bind(&grant.email)
    .bind(i64::from(grant.email_verified))
    .bind(grant.profile.as_bytes())
    .bind(number(grant.now))
    .execute(connection)
    .await?;
    Ok(identity)
}

async fn upsert_authorization(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
    user: &UserId,
    identity: &IdentityId,
) -> Result<AuthorizationId, StoreError> {
    let id: String = query_scalar(
        "INSERT INTO authorizations (id, provider, user_id, identity_id, client, version, tokens, \
         renewable, scope, token_type, created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $10, $11) \
         ON CONFLICT (identity_id, client, provider) DO UPDATE SET \
         version = authorizations.version + 1, tokens = excluded.tokens, \
         renewable = excluded.renewable, scope = excluded.scope, \
         token_type = excluded.token_type, updated_at = excluded.updated_at, \
         expires_at = excluded.expires_at, needs_reauth = NULL, refresh_failed_at = NULL \
         RETURNING id",
    )
    .bind(random::id())
    .bind(grant.provider.as_str())
    .bind(user.as_str())
    .bind(identity.as_str())
    .bind(grant.client.as_deref().unwrap_or_default())
    .bind(grant.tokens.as_bytes())
    .bind(i64::from(grant.renewable))
    .bind(&grant.scope)
    .bind(&grant.token_type)
    .bind(number(grant.now))
    .bind(grant.expires_at.map(number))
    .fetch_one(connection)
    .await?;
    Ok(AuthorizationId::new(id))
}

async fn conclude(
    connection: &mut SqliteConnection,
    grant: &NewGrant,
    persisted: &Persisted,
) -> Result<(), StoreError> {
    let outcome = Outcome::SignedIn {
        authorization: persisted.authorization.clone(),
        identity: persisted.identity.clone(),
        user: persisted.user.clone(),
    };
    attempts::end(connection, &grant.login, &outcome).await?;
    let event = AuditEvent {
        at: grant.now,
        what: "login.signed_in".to_owned(),
        who: format!("user:{}", persisted.user),
        provider: Some(grant.provider.clone()),
        login: Some(grant.login.clone()),
        why: format!(
            "identity {}, grant {}",
            persisted.identity, persisted.authorization
        ),
    };
    append(connection, &event).await
}
