//! Forms, read from the few shapes that pages for browsers without JavaScript have.

use super::Page;
use reqwest::Method;
use url::Url;

/// A form, filled in as far as its page did.
#[derive(Debug)]
pub struct Form {
    /// How it is sent.
    pub method: Method,
    /// Where to.
    pub action: Url,
    /// Its fields.
    pub fields: Vec<(String, String)>,
    empty: Vec<String>,
}

impl Form {
    /// The page's first form.
    pub fn first(page: &Page) -> Option<Self> {
        Self::all(page).into_iter().next()
    }

    /// All forms of the page.
    pub fn all(page: &Page) -> Vec<Self> {
        let mut forms = Vec::new();
        let mut rest = page.text.as_str();
        while let Some((_, from)) = rest.split_once("<form") {
            let (inside, after) = from.split_once("</form>").unwrap_or((from, ""));
            forms.extend(Self::parse(page, inside));
            rest = after;
        }
        forms
    }

    fn parse(page: &Page, text: &str) -> Option<Self> {
        let (tag, inside) = text.split_once('>')?;
        let post = attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        let mut form = Self {
            method: if post { Method::POST } else { Method::GET },
            action: page
                .url
                .join(&attribute(tag, "action").unwrap_or_default())
                .ok()?,
            fields: Vec::new(),
            empty: Vec::new(),
        };
        for input in inside.split("<input").skip(1) {
            let tag = input.split('>').next().unwrap_or_default();
            let Some(name) = attribute(tag, "name") else {
                continue;
            };
            match attribute(tag, "value").filter(|value| !value.is_empty()) {
                Some(value) => form.fields.push((name, value)),
                None => form.empty.push(name),
            }
        }
        Some(form)
    }

    /// Puts `text` into every empty field.
    pub fn fill(&mut self, text: &str) {
        let empty = std::mem::take(&mut self.empty);
        self.fields
            .extend(empty.into_iter().map(|name| (name, text.to_owned())));
    }

    /// Presses the button `decision` with this value.
    pub fn press(&mut self, decision: &str) {
        self.fields
            .push(("decision".to_owned(), decision.to_owned()));
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[at..].split('"').next()?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, next) = after.split_once(';').unwrap_or((after, ""));
        plain.push(character(entity).unwrap_or('\u{fffd}'));
        rest = next;
    }
    plain + rest
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_escapes() {
        let page = Page {
            url: Url::parse("http://127.0.0.1:1/a/b").expect("a URL"),
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            text: r#"<p><form class="x" method="post" action="/c?d=1&amp;e=&#38;">
                <input type="hidden" name="f" value="&lt;&#x27;"/><input name="login"></form>"#
                .to_owned(),
            hops: Vec::new(),
        };
        let mut form = Form::first(&page).expect("a form");
        form.fill("alice");
        assert_eq!(form.method, Method::POST);
        assert_eq!(form.action.as_str(), "http://127.0.0.1:1/c?d=1&e=&");
        assert_eq!(
            form.fields,
            [("f", "<'"), ("login", "alice")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }
}
