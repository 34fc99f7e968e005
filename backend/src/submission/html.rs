//! The pages for a form that was sent without script. maud escapes everything that is put into them. All URLs are relative to
//! `/api/submissions`, so that they are right behind a proxy that adds a path.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{self, Accept, Header},
};
use api::SubmissionResponse;
use maud::{DOCTYPE, Markup, html};

use crate::error::Error;

/// Where the front end serves the page's own style sheet. Straight from the backend there is none, and none is needed.
const STYLE_SHEET: &str = "../style.css";

/// Where the front end serves the page's icon. Without a link, a browser would request `/favicon.ico`.
const ICON: &str = "../favicon.svg";

/// Nothing but that style sheet and the icon is loaded, and the form goes nowhere else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns whether the client prefers HTML to every other media type, as browsers do for pages.
pub fn is_preferred_by(request: &HttpRequest) -> bool {
    Accept::parse(request).is_ok_and(|accept| accept.preference() == mime::TEXT_HTML)
}

/// A page as a response.
pub fn respond(mut response: HttpResponseBuilder, page: Markup) -> HttpResponse {
    response
        .content_type(mime::TEXT_HTML_UTF_8)
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .body(page.into_string())
}

/// Returns the page with the message, and the form for the next name.
pub fn responded(response: &SubmissionResponse) -> Markup {
    page(
        &response.message,
        html! {
            (form("", None))
            section.outcome aria-label="Answer" {
                div role="status" {
                    p.message { (response.message) }
                    p.by { span.pod { (response.pod) } " " span.version { (response.version) } }
                }
            }
        },
    )
}

/// The page that says why a name is refused. What was typed stays typed.
pub fn refused(typed: &str, error: &Error) -> Markup {
    page("The name needs a change", form(typed, Some(error)))
}

fn page(title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href=(STYLE_SHEET);
                link rel="icon" href=(ICON) type="image/svg+xml";
            }
            body {
                main {
                    div.first {
                        div.top {
                            header {
                                h1 { "Who answers?" }
                                p { a href=".." { "Back to the page" } }
                            }
                            (content)
                        }
                    }
                }
            }
        }
    }
}

/// The same form as the page's, so that the same style sheet fits.
fn form(typed: &str, error: Option<&Error>) -> Markup {
    html! {
        form #name-form method="post" action="submissions" {
            label for="name" { "Your name" }
            div.field {
                input #name name="name" type="text" value=(typed) autocomplete="name" autofocus enterkeyhint="send"
                    aria-describedby="name-error" aria-invalid=[error.map(|_| "true")];
                button { "Submit" }
            }
            p #name-error.error role=[error.map(|_| "alert")] { @if let Some(error) = error { (error) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn html_is_for_clients_that_prefer_it() {
        for (accept, expected) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                true,
            ),
            ("application/json;q=0.5, text/html;q=0.6", true),
            ("text/html;q=0.5, application/json;q=0.6", false),
            ("text/html;q=0, image/png", false),
            ("*/*", false),
            ("no media type", false),
            ("", false),
        ] {
            let request = TestRequest::default()
                .insert_header(("accept", accept))
                .to_http_request();
            assert_eq!(is_preferred_by(&request), expected, "{accept}");
        }
        assert!(!is_preferred_by(&TestRequest::default().to_http_request()));
    }
}
