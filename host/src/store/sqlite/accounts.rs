//! Identities and grants in SQLite; how a login writes them is told in `persist`.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::clock::Timestamp;
use crate::store::accounts::REJECTION_PAUSE;
use crate::store::{
    Accounts, AuthorizationRecord, GrantVersion, IdentityRecord, NewGrant, PersistOutcome,
    RenewedTokens, StoreError,
};
use async_trait::async_trait;
use celadon_workflows::types::{AuthorizationId, IdentityId, ProviderName, UserId};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

/// More grants than any user has.
const MAX_GRANTS: i64 = 1000;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, provider, user_id, identity_id, client, version, tokens, renewable, scope, \
             token_type, created_at, updated_at, expires_at, needs_reauth, refresh_failed_at \
             FROM authorizations ",
            $rest
        )
    };
}

#[async_trait]
impl Accounts for Sqlite {
    async fn persist_grant(&self, grant: &NewGrant) -> Result<PersistOutcome, StoreError> {
        self.persist(grant).await
    }

    async fn identity(&self, id: &IdentityId) -> Result<Option<IdentityRecord>, StoreError> {
        let row = query(
            "SELECT id, user_id, namespace, issuer, subject, email, email_verified, profile, \
             created_at, updated_at FROM identities WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(identity_record).transpose()
    }

    async fn authorization(
        &self,
        id: &AuthorizationId,
    ) -> Result<Option<AuthorizationRecord>, StoreError> {
        let row = query(select!("WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(authorization_record).transpose()
    }

    async fn authorizations(&self, user: &UserId) -> Result<Vec<AuthorizationRecord>, StoreError> {
        let rows = query(select!(
            "WHERE user_id = $1 ORDER BY updated_at DESC, id LIMIT $2"
        ))
        .bind(user.as_str())
        .bind(MAX_GRANTS)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(authorization_record).collect()
    }

    async fn grant_of(
        &self,
        provider: &ProviderName,
        issuer: &str,
        subject: &str,
        client: Option<&str>,
    ) -> Result<Option<AuthorizationRecord>, StoreError> {
        let row = query(select!(
            "WHERE provider = $1 AND client = $4 AND identity_id = \
             (SELECT id FROM identities WHERE namespace = $1 AND issuer = $2 AND subject = $3)"
        ))
        .bind(provider.as_str())
        .bind(issuer)
        .bind(subject)
        .bind(client.unwrap_or_default())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(authorization_record).transpose()
    }

    async fn renew_tokens(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        renewed: &RenewedTokens,
    ) -> Result<bool, StoreError> {
        let written = query(
            "UPDATE authorizations SET version = version + 1, tokens = $3, renewable = $4, \
             scope = $5, token_type = $6, expires_at = $7, updated_at = $8, \
             needs_reauth = NULL, refresh_failed_at = NULL WHERE id = $1 AND version = $2",
        )
        .bind(id.as_str())
        .bind(number(seen.0))
        .bind(renewed.tokens.as_bytes())
        .bind(i64::from(renewed.renewable))
        .bind(&renewed.scope)
        .bind(&renewed.token_type)
        .bind(renewed.expires_at.map(number))
        .bind(number(renewed.now))
        .execute(&self.writer)
        .await?;
        Ok(written.rows_affected() == 1)
    }

    async fn mark_needs_reauth(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        why: &str,
    ) -> Result<bool, StoreError> {
        let written =
            query("UPDATE authorizations SET needs_reauth = $3 WHERE id = $1 AND version = $2")
                .bind(id.as_str())
                .bind(number(seen.0))
                .bind(why)
                .execute(&self.writer)
                .await?;
        Ok(written.rows_affected() == 1)
    }

    async fn mark_token_rejected(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let written = query(
            "UPDATE authorizations SET expires_at = $3, rejected_at = $3 \
             WHERE id = $1 AND version = $2 AND (rejected_at IS NULL OR rejected_at <= $4)",
        )
        .bind(id.as_str())
        .bind(number(seen.0))
        .bind(number(now))
        .bind(number(now.saturating_sub(REJECTION_PAUSE)))
        .execute(&self.writer)
        .await?;
        Ok(written.rows_affected() == 1)
    }

    async fn mark_refresh_failed(
        &self,
        id: &AuthorizationId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        query("UPDATE authorizations SET refresh_failed_at = $2 WHERE id = $1")
            .bind(id.as_str())
            .bind(number(at))
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

fn identity_record(row: &SqliteRow) -> Result<IdentityRecord, StoreError> {
    let cells = Cells::of("identities", row);
    Ok(IdentityRecord {
        id: IdentityId::new(cells.text("id")?),
        user: UserId::new(cells.text("user_id")?),
        namespace: ProviderName::new(cells.text("namespace")?),
        issuer: cells.text("issuer")?,
        subject: cells.text("subject")?,
        email: cells.text_or_none("email")?,
        email_verified: cells.flag("email_verified")?,
        profile: cells.sealed("profile")?,
        created_at: cells.number("created_at")?,
        updated_at: cells.number("updated_at")?,
    })
}

fn authorization_record(row: &SqliteRow) -> Result<AuthorizationRecord, StoreError> {
    let cells = Cells::of("authorizations", row);
    let client = cells.text("client")?;
    Ok(AuthorizationRecord {
        id: AuthorizationId::new(cells.text("id")?),
        provider: ProviderName::new(cells.text("provider")?),
        user: UserId::new(cells.text("user_id")?),
        identity: IdentityId::new(cells.text("identity_id")?),
        client: (!client.is_empty()).then_some(client),
        version: GrantVersion(cells.number("version")?),
        tokens: cells.sealed("tokens")?,
        renewable: cells.flag("renewable")?,
        scope: cells.text("scope")?,
        token_type: cells.text("token_type")?,
        created_at: cells.number("created_at")?,
        updated_at: cells.number("updated_at")?,
        expires_at: cells.number_or_none("expires_at")?,
        needs_reauth: cells.text_or_none("needs_reauth")?,
        refresh_failed_at: cells.number_or_none("refresh_failed_at")?,
    })
}
