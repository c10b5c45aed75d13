//! The list of attacks: what the test claims one by one, and what the component acts on.

macro_rules! attacks {
    ($($attack:ident $name:literal $tries:literal,)*) => {
        /// One thing that a hostile component tries. The compiler makes sure that the component
        /// acts on each and that the test claims each: both match without a wildcard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Attack {
            $(#[doc = $tries] $attack,)*
        }

        impl Attack {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$attack),*];

            /// The value of the option `attack`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$attack => $name,)* }
            }

            /// What it tries, in a sentence's part.
            pub const fn tries(self) -> &'static str {
                match self { $(Self::$attack => $tries,)* }
            }
        }
    };
}

attacks! {
    // The sandbox.
    LoopInDescribe "loop-in-describe" "to keep a processor busy at the start",
    LoopInAuthorize "loop-in-authorize" "to keep a processor busy before the link",
    LoopInObtain "loop-in-obtain" "to keep a processor busy while a code waits",
    LoopInIdentify "loop-in-identify" "to keep a processor busy while tokens wait",
    MemoryBomb "memory-bomb" "to take all memory",
    GrowAndGoOn "grow-and-go-on" "to answer by whether this machine has memory left",
    NanBits "nan-bits" "to answer by the bits that this processor gives a NaN",
    Trap "trap" "to crash",
    Panic "panic" "to crash with a text of its own",
    HugeString "huge-string" "to answer with a text of megabytes",
    HugeList "huge-list" "to answer with tens of thousands of entries",
    LongList "long-list" "to answer with a few entries too many",
    DeepAttributes "deep-attributes" "to break a JSON parser by depth",
    DeepDocument "deep-document" "to have a JSON text sent that breaks parsers by depth",
    FatAttributes "fat-attributes" "to fill the store with attributes",
    // The description.
    Relaxations "relaxations" "to switch checks off that nobody allowed",
    HeaderInDescription "header-in-description" "to write headers that carry authority, routing or framing",
    UrlInDescription "url-in-description" "to have a URL mean another place than it seems to",
    SubjectFromResource "subject-from-resource" "to prove a subject by an answer that it can steer",
    EmailFromResource "email-from-resource" "to prove an e-mail by an answer that it can steer",
    IssuerOfAnother "issuer-of-another" "to pass for another issuer, with keys of its own",
    RevealTheToken "reveal-the-token" "to call the access token no credential",
    RevealAndUse "reveal-and-use" "to read a token where the description reveals it, and use it as one",
    SigningOracle "signing-oracle" "to have the host sign for somebody else, or for long",
    WordsInOptionErrors "words-in-option-errors" "to write to the operator's terminal",
    // The link.
    LinkParameter "link-parameter" "to override what the host writes into the link",
    LinkParameterTwice "link-parameter-twice" "to have one parameter stand in the link twice",
    LongLink "long-link" "to make a link that no browser and no server takes",
    LineBreakInLink "line-break-in-link" "to break out of the Location header",
    // Requests.
    TokenField "token-field" "to override what the host writes into a token request",
    TokenFieldInJson "token-field-in-json" "the same in a JSON body",
    FieldTwice "field-twice" "to send one field twice, in two cases",
    DocumentToToken "document-to-token" "to write a whole token request itself",
    CodeToResource "code-to-resource" "to send the code to an address of its own",
    CodeInQuery "code-in-query" "to put the code into a URL",
    CodeAsBearer "code-as-bearer" "to send the code as a bearer token",
    CodeTwice "code-twice" "to have the code in two fields",
    CodeAgain "code-again" "to send the code a second time",
    TokenInField "token-in-field" "to send the access token as a field to an address of its own",
    ClientToResource "client-to-resource" "to have the client authenticate itself at an address of its own",
    ForgedName "forged-name" "to name a credential that it was not given",
    NameAsText "name-as-text" "to have a credential's name replaced inside a text",
    NoSuchEndpoint "no-such-endpoint" "to ask an address that is not in its description",
    HostOnlyEndpoint "host-only-endpoint" "to ask an endpoint that is the host's alone",
    QueryContradicts "query-contradicts" "to change the query that an endpoint was approved with",
    UserinfoOfAnother "userinfo-of-another" "to ask userinfo for somebody else",
    TokenInCompany "token-in-company" "to send a token request beside others",
    SendsNothing "sends-nothing" "to have the host ask again for ever",
    TooManyAtOnce "too-many-at-once" "to send a list of seventeen requests",
    HundredRequests "hundred-requests" "to send a hundred requests, one by one",
    BigTranscript "big-transcript" "to have the host copy megabytes of answers again and again",
    Private "private" "to reach a cloud's metadata and other private addresses",
    // Whose tokens, and who it is.
    ForeignGrant "foreign-grant" "to smuggle in a grant of its own and sign in as another",
    TokenOfResource "token-of-resource" "to pass off an answer of its own address as a token",
    TokenOfError "token-of-error" "to take a token out of an error answer",
    ManyTokens "many-tokens" "to store tokens without end",
    ForgedSubject "forged-subject" "to claim to be another in name, groups and attributes",
    ForgedEmail "forged-email" "to have an address read where the description has none",
    PictureOfServer "picture-of-server" "to have the server fetch a picture",
    MarkupInName "markup-in-name" "to put markup into the page",
    // The way out.
    ExfilByQuery "exfil-by-query" "to carry what it was given out in a query",
    ExfilByForm "exfil-by-form" "to carry it out in form fields",
    ExfilByJson "exfil-by-json" "to carry it out in a JSON body",
    ExfilByDocument "exfil-by-document" "to carry it out in a document",
    ExfilInObtain "exfil-in-obtain" "to carry a reflecting token answer out before the tokens are used",
    ExfilByIdentity "exfil-by-identity" "to carry it out in names, groups and attributes",
    ExfilByFailure "exfil-by-failure" "to carry it out in the text of a failure",
}
