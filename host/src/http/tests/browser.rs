//! A browser's way: login, callback, form_post.

use super::house::{House, LOGIN};
use super::{BROWSER, FORM};
use crate::logins::{LoginError, SignedIn};
use celadon_workflows::types::{LoginId, Reason, Refusal};
use http::StatusCode;

fn signed_in() -> SignedIn {
    SignedIn {
        login: LoginId::new(LOGIN),
        session: Some("new-session".to_owned()),
        return_to: "/back".to_owned(),
    }
}

#[tokio::test]
async fn a_login_begins_with_a_redirect_and_a_binding_cookie() {
    let house = House::new().await;
    let answer = house
        .get("/login/demo?return_to=/x&login_hint=a%40b&junk=1")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.header("location"),
        "https://idp.example/authorize?a=1&b=2"
    );
    let [cookie] = answer.cookies()[..] else {
        panic!("{:?}", answer.cookies())
    };
    assert!(
        cookie.starts_with("__Host-celadon-login-0123456789abcdef=the-binding; "),
        "{cookie}"
    );
    let begun = house.desk.begun.lock().expect("the lock").remove(0);
    assert_eq!(begun.return_to.as_deref(), Some("/x"));
    assert_eq!(begun.hints, [("login_hint".to_owned(), "a@b".to_owned())]);
    for (path, status) in [
        ("/login/other", StatusCode::NOT_FOUND),
        (
            "/login/demo?return_to=/a&return_to=/b",
            StatusCode::BAD_REQUEST,
        ),
        ("/login/demo?login=zzz", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(house.get(path).await.status, status, "{path}");
    }
    for not_opened in [
        "sec-fetch-dest: image",
        "sec-fetch-dest: iframe",
        "sec-purpose: prefetch",
    ] {
        let answer = house.ask("GET /login/demo", &[not_opened], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn who_opens_an_applications_login_sees_its_name_first() {
    let house = House::new().await;
    let line = format!("GET /login/demo?login={LOGIN}");
    let bound = "cookie: __Host-celadon-login-0123456789abcdef=mine";
    let page = house.ask(&line, &[BROWSER, bound], "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("The &#60;App&#62; asks you to sign in"),
        "{}",
        page.text
    );
    assert!(
        page.text
            .contains(r#"href="https://idp.example/authorize?a=1&#38;b=2""#)
    );
    assert_eq!(
        page.header("link"),
        r#"<https://idp.example/authorize?a=1&b=2>; rel="next""#
    );
    assert_eq!(page.cookies().len(), 1);
    let program = house.ask(&line, &["accept: */*"], "").await;
    assert_eq!(program.status, StatusCode::SEE_OTHER);
    assert_eq!(program.cookies().len(), 1);
    let accepted = house.desk.accepted.lock().expect("the lock").clone();
    assert_eq!(accepted, [Some("mine".to_owned()), None]);
}

#[tokio::test]
async fn a_callback_sets_the_session_and_forgets_the_binding() {
    let house = House::new().await;
    let old = house.sign_in().await;
    *house.desk.callback.lock().expect("the lock") = Some(Ok(signed_in()));
    let cookies = format!("{old}; __Host-celadon-login-0123456789abcdef=b");
    let answer = house
        .ask("GET /callback/demo?code=c&state=s&state=s", &[&cookies], "")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/back");
    let [session, binding] = answer.cookies()[..] else {
        panic!("{:?}", answer.cookies())
    };
    assert!(session.starts_with("__Host-celadon-session=new-session; "));
    assert!(binding.starts_with("__Host-celadon-login-0123456789abcdef=; "));
    assert!(binding.ends_with("Max-Age=0"));
    let asked = house.desk.callbacks.lock().expect("the lock").remove(0);
    assert_eq!(asked.parameters.len(), 3, "duplicates are passed on");
    assert_eq!(asked.bindings[0].1, "b");
    let after = house.ask("GET /v1/session", &[&old], "").await;
    assert_eq!(
        after.status,
        StatusCode::UNAUTHORIZED,
        "the old session has ended"
    );
}

#[tokio::test]
async fn a_refused_login_is_a_4xx_page_with_its_id_and_without_foreign_words() {
    let house = House::new().await;
    let refusal = Refusal::new(Reason::AccessDenied, "the user declined");
    let refused = LoginError::Refused(LoginId::new(LOGIN), refusal);
    *house.desk.callback.lock().expect("the lock") = Some(Err(refused));
    let path = "/callback/demo?error=access_denied&error_description=PWNED&state=s";
    let answer = house.get(path).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains(LOGIN) && answer.text.contains("/login/demo"));
    assert!(!answer.text.contains("PWNED"));
    assert!(
        answer.cookies()[0].ends_with("Max-Age=0"),
        "the binding goes"
    );
}

#[tokio::test]
async fn a_form_post_comes_back_by_a_handle_that_is_good_once() {
    let house = House::new().await;
    let answer = house
        .ask("POST /callback/demo", &[FORM], "code=c&state=s&state=t")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let location = answer.header("location").to_owned();
    assert!(location.starts_with("/callback/demo?handle=") && !location.contains("code"));
    let mixed = house.get(&format!("{location}&state=s")).await;
    assert_eq!(mixed.status, StatusCode::BAD_REQUEST);
    let elsewhere = location.replace("handle=", "handle=x");
    assert_eq!(house.get(&elsewhere).await.status, StatusCode::BAD_REQUEST);
    *house.desk.callback.lock().expect("the lock") = Some(Ok(signed_in()));
    assert_eq!(house.get(&location).await.status, StatusCode::SEE_OTHER);
    let fields = house
        .desk
        .callbacks
        .lock()
        .expect("the lock")
        .remove(0)
        .parameters;
    assert_eq!(fields.len(), 3);
    assert_eq!(house.get(&location).await.status, StatusCode::BAD_REQUEST);
    assert!(house.desk.callbacks.lock().expect("the lock").is_empty());
}

#[tokio::test]
async fn a_slow_login_may_be_reloaded_with_its_handle() {
    let house = House::new().await;
    let posted = house
        .ask("POST /callback/demo", &[FORM], "code=c&state=s")
        .await;
    let location = posted.header("location").to_owned();
    let running = LoginError::StillRunning(LoginId::new(LOGIN));
    *house.desk.callback.lock().expect("the lock") = Some(Err(running));
    let answer = house.get(&location).await;
    assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(answer.header("retry-after"), "5");
    *house.desk.callback.lock().expect("the lock") = Some(Ok(signed_in()));
    assert_eq!(house.get(&location).await.status, StatusCode::SEE_OTHER);
}
