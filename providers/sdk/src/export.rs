//! The macro that makes a component of a provider.

/// Makes this crate's component: its exports and its `celadon:manifest` section.
///
/// Say it once, in a crate of type `cdylib`, with a type that implements
/// [`Provider`](crate::Provider). On other targets than wasm32 it does nothing, so that the same
/// crate can be tested natively.
#[macro_export]
macro_rules! export {
    ($provider:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::exports::celadon::provider::provider::Guest;
            use $crate::{glue, wire};

            struct Component;

            impl Guest for Component {
                fn describe(
                    setup: wire::Setup,
                ) -> Result<wire::Description, Vec<wire::OptionError>> {
                    glue::describe::<$provider>(setup)
                }

                fn authorize(
                    setup: wire::Setup,
                    request: wire::AuthorizationRequest,
                ) -> Result<Vec<wire::Parameter>, wire::Failure> {
                    glue::authorize::<$provider>(setup, request)
                }

                fn obtain(
                    setup: wire::Setup,
                    grant: wire::Grant,
                    transcript: Vec<wire::Response>,
                ) -> Result<wire::TokenStep, wire::Failure> {
                    glue::obtain::<$provider>(setup, grant, transcript)
                }

                fn identify(
                    setup: wire::Setup,
                    evidence: wire::Evidence,
                    transcript: Vec<wire::Response>,
                ) -> Result<wire::IdentityStep, wire::Failure> {
                    glue::identify::<$provider>(setup, evidence, transcript)
                }

                fn revoke(
                    setup: wire::Setup,
                    token: String,
                    transcript: Vec<wire::Response>,
                ) -> Result<wire::RevokeStep, wire::Failure> {
                    glue::revoke::<$provider>(setup, token, transcript)
                }
            }

            $crate::export_guest!(Component, <$provider as $crate::Provider>::MANIFEST);
        };
    };
}

/// As [`export!`](crate::export), for a type that implements the generated `Guest` itself.
#[doc(hidden)]
#[macro_export]
macro_rules! export_guest {
    ($guest:ident, $manifest:expr) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(
            unsafe_code,
            reason = "exported functions and custom sections have to be"
        )]
        const _: () = {
    $crate::bindings::export!($guest with_types_in $crate::bindings);

            const MANIFEST: $crate::Manifest = $manifest;
            #[used]
            #[unsafe(link_section = "celadon:manifest")]
            static SECTION: [u8; MANIFEST.json_len()] = MANIFEST.json();
        };
    };
}
