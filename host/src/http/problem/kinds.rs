//! Every kind of problem: its stable name, its status code and its words.
//!
//! Names never change: programs tell problems apart by them. A login that fails is 4xx, whatever
//! the provider did: 424 where the provider or its plugin is at fault, 403 where somebody may not,
//! 409 and 410 where the login has ended otherwise. 5xx is our own fault. The words are ours too;
//! nothing that a provider says is ever shown.

use http::StatusCode;

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in the problem's `type`, in metrics and in docs/HTTP.md.
    pub name: &'static str,
    /// The status code.
    pub status: StatusCode,
    /// Whether it stands for its status code where nothing more is known.
    pub general: bool,
    /// What the page is headed with.
    pub title: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What to do now.
    pub advice: &'static str,
}

impl Kind {
    /// The problem's `type`: a name, not an address.
    pub fn uri(&self) -> String {
        format!("urn:celadon:problem:{}", self.name)
    }
}

macro_rules! kinds {
    ($($constant:ident $name:literal $status:ident $general:literal, $title:literal, $happened:literal, $advice:literal;)*) => {
        $(
            #[doc = $title]
            pub static $constant: Kind = Kind {
                name: $name,
                status: StatusCode::$status,
                general: $general,
                title: $title,
                happened: $happened,
                advice: $advice,
            };
        )*

        /// All kinds.
        pub static ALL: &[&Kind] = &[$(&$constant),*];
    };
}

kinds! {
    NOT_FOUND "not_found" NOT_FOUND true,
        "There is no such page",
        "Nothing is at this address.",
        "Check the address, or go back to the start.";
    METHOD_NOT_ALLOWED "method_not_allowed" METHOD_NOT_ALLOWED true,
        "This address takes no such request",
        "The method of the request is not one that this address knows.",
        "Go back to the start.";
    BAD_REQUEST "bad_request" BAD_REQUEST true,
        "The request cannot be understood",
        "Something in the request is missing, doubled or malformed.",
        "Go back to where you came from and try again.";
    CONTENT_TOO_LARGE "content_too_large" PAYLOAD_TOO_LARGE true,
        "The request is too large",
        "More was sent than this address takes.",
        "Send less.";
    URI_TOO_LONG "uri_too_long" URI_TOO_LONG true,
        "The address is too long",
        "The address has more characters than Celadon reads.",
        "Begin again from the start; do not edit the address.";
    HEADERS_TOO_LARGE "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE true,
        "The request's headers are too large",
        "The browser sent more headers than Celadon reads. Mostly these are cookies.",
        "Delete the cookies of this site and try again.";
    UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE true,
        "The content has the wrong type",
        "This address does not take content of this type.",
        "Send the type that the documentation names.";
    SIGNED_OUT "signed_out" UNAUTHORIZED false,
        "You are not signed in",
        "This page is for people who are signed in, and your session is missing or has ended.",
        "Sign in, then open the page again.";
    CLIENT_UNAUTHENTICATED "client_unauthenticated" UNAUTHORIZED false,
        "The application is not known",
        "The request carries no valid credential of a configured client.",
        "Send the client's name and secret as configured.";
    OPERATOR_UNAUTHENTICATED "operator_unauthenticated" UNAUTHORIZED false,
        "This is for operators",
        "The request does not carry the operators' credential.",
        "Send the secret of [operators] as a bearer token.";
    FOREIGN_ORIGIN "foreign_origin" FORBIDDEN false,
        "The request came from another site",
        "Only pages of this site may do this. Nothing was changed.",
        "Go to the start page and do it there.";
    TOO_MANY_REQUESTS "too_many_requests" TOO_MANY_REQUESTS true,
        "Too many requests",
        "More requests came from your network address than are let through at once.",
        "Wait a moment, then try again.";
    INTERNAL "internal_error" INTERNAL_SERVER_ERROR true,
        "Something went wrong here",
        "Celadon made a mistake. It is not your fault and has been written to the log.",
        "Try again. If it happens again, tell the people who run this site.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE true,
        "Celadon cannot do this now",
        "A part of Celadon cannot be reached or is too busy at the moment.",
        "Wait a moment, then try again.";
    NOT_READY "not_ready" SERVICE_UNAVAILABLE false,
        "Celadon is not ready",
        "Some parts are not up yet.",
        "Wait a moment, then try again.";
    UNKNOWN_PROVIDER "unknown_provider" NOT_FOUND false,
        "There is no such provider",
        "No identity provider of this name is configured here.",
        "Choose one on the start page.";
    UNKNOWN_LOGIN "unknown_login" NOT_FOUND false,
        "This sign-in is not known",
        "There is no sign-in with this id, or it ended a while ago.",
        "Begin again in the application you came from.";
    UNKNOWN_STATE "unknown_state" BAD_REQUEST false,
        "This sign-in is not known",
        "The answer from the provider belongs to no sign-in that is under way here.",
        "Begin again. Do not reuse an old address or bookmark of this page.";
    EXPIRED "expired" GONE false,
        "The sign-in took too long",
        "It was not finished in the time that is given for it, so it has ended.",
        "Begin again.";
    CANCELLED "cancelled" GONE false,
        "The sign-in was called off",
        "The application that asked for it has cancelled it.",
        "Begin again in the application you came from, if you still want to sign in.";
    ALREADY_ANSWERED "already_answered" CONFLICT false,
        "This sign-in has already ended",
        "It was answered before, and each sign-in is answered once.",
        "If you are not signed in, begin again.";
    FOREIGN_BROWSER "foreign_browser" FORBIDDEN false,
        "This sign-in belongs to another browser",
        "It was begun in another browser or its cookie is gone. For your safety it ends only where it began.",
        "Go back to the browser where you began, or begin again in this one. Cookies must be allowed. If somebody sent you this address, close the page.";
    INVALID_RETURN_TO "invalid_return_to" BAD_REQUEST false,
        "The way back is not allowed",
        "`return_to` may name a path of this site or an origin that its operator has listed.",
        "Go back to the application you came from and tell its makers.";
    TOO_MANY_FROM_ADDRESS "too_many_from_address" TOO_MANY_REQUESTS false,
        "Too many sign-ins are under way",
        "Too many sign-ins that were begun from your network address are not finished yet.",
        "Finish one of them, or wait until they have expired.";
    TOO_MANY_LOGINS "too_many_logins" SERVICE_UNAVAILABLE false,
        "Too many sign-ins are under way",
        "Celadon has as many unfinished sign-ins as it takes.",
        "Wait a moment, then try again.";
    STILL_RUNNING "still_running" FAILED_DEPENDENCY false,
        "The sign-in is still under way",
        "It takes longer than usual. Nothing is lost: the sign-in goes on.",
        "Wait a few seconds: this page reloads by itself.";
    INVALID_RESULT_CODE "invalid_result_code" BAD_REQUEST false,
        "The result code is not good",
        "The code is wrong, was used before, or belongs to another client.",
        "Start a new login.";
    OWNED_BY_ANOTHER "owned_by_another" CONFLICT false,
        "The identity belongs to another user",
        "Who signed in is known here as another user than the one that the application named.",
        "Sign in with another account, or start a login without naming a user.";
    ACCESS_DENIED "access_denied" FORBIDDEN false,
        "You were not let in",
        "The provider says that the sign-in was declined, or that you may not use this application.",
        "If you declined by mistake, begin again. If you should be let in, ask the people who run this site.";
    PROVIDER_REFUSED "provider_refused" FAILED_DEPENDENCY false,
        "The provider refused the sign-in",
        "The provider answered with an error instead of signing you in.",
        "Begin again. If it happens again, tell the people who run this site.";
    INVALID_GRANT "invalid_grant" BAD_REQUEST false,
        "The provider's code is no longer good",
        "The provider did not accept the code that it gave your browser. Such a code lives briefly and works once.",
        "Begin again.";
    INVALID_CLIENT "invalid_client" FAILED_DEPENDENCY false,
        "The provider does not accept this site",
        "The provider refuses the credentials with which this site is registered there. You can do nothing about it.",
        "Tell the people who run this site, and give them the id below.";
    INVALID_RESPONSE "invalid_response" FAILED_DEPENDENCY false,
        "The provider's answer cannot be trusted",
        "What the provider sent failed a check, so you were not signed in.",
        "Begin again. If it happens again, tell the people who run this site.";
    PROVIDER_UNAVAILABLE "provider_unavailable" FAILED_DEPENDENCY false,
        "The provider cannot be reached",
        "The provider did not answer, or answered with a failure of its own.",
        "Wait a minute, then begin again.";
    ANSWER_LOST "answer_lost" FAILED_DEPENDENCY false,
        "The provider's answer was lost",
        "The provider was asked and its answer never arrived. A sign-in is never asked for twice, so it had to end.",
        "Begin again.";
    PLUGIN_FAILED "plugin_failed" FAILED_DEPENDENCY false,
        "This provider's plugin failed",
        "The part that knows how to talk to this provider stopped with an error.",
        "Begin again. If it happens again, tell the people who run this site.";
    NOT_GRANTED "not_granted" FORBIDDEN false,
        "This sign-in is not permitted here",
        "It would have needed something that the operator of this site has not allowed.",
        "Tell the people who run this site, and give them the id below.";
    RECONFIGURED "reconfigured" CONFLICT false,
        "The configuration has changed",
        "While you were signing in, the provider was changed or removed, so this sign-in cannot end.",
        "Begin again.";
    NOT_CONNECTED "not_connected" CONFLICT false,
        "This provider is not connected",
        "You are signed in, but not with this provider, so there is nothing to show.",
        "Sign in with it, then open the page again.";
    NEEDS_REAUTH "needs_reauth" CONFLICT false,
        "Please sign in again",
        "Your permission at this provider has ended and cannot be renewed.",
        "Sign in with it again, then open the page again.";
    NO_RESOURCE "no_resource" NOT_FOUND false,
        "There is nothing to show",
        "No protected resource is configured for this provider.",
        "Go back to the start.";
    RESOURCE_FAILED "resource_failed" FAILED_DEPENDENCY false,
        "The resource cannot be fetched",
        "The provider or the resource did not answer as it should.",
        "Wait a minute, then try again.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_is_an_error_with_a_name_of_its_own_and_full_sentences() {
        let names: BTreeSet<_> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
        for kind in ALL {
            assert!(
                kind.status.is_client_error() || kind.status.is_server_error(),
                "{kind:?}"
            );
            assert!(!kind.title.ends_with('.'), "{kind:?}");
            assert!(
                kind.happened.ends_with('.') && kind.advice.ends_with('.'),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn the_documentation_lists_every_kind_with_its_status() {
        let page = include_str!("../../../../docs/HTTP.md");
        for kind in ALL {
            let row = format!("| `{}` | {} |", kind.name, kind.status.as_u16());
            assert!(page.contains(&row), "docs/HTTP.md lacks {row}");
        }
    }
}
