//! Which of two media types a client would rather have ([RFC 9110, 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).

use actix_web::{
    HttpRequest,
    http::header::{Accept, Header, Quality},
};
use mime::Mime;

/// Whether the client prefers `text/html` to `application/json`. Without a preference it gets JSON.
pub fn prefers_html(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else {
        return false;
    };
    quality(&accept, &mime::TEXT_HTML) > quality(&accept, &mime::APPLICATION_JSON)
}

/// The quality that the most specific matching range gives to a media type; zero where none matches.
fn quality(accept: &Accept, offered: &Mime) -> Quality {
    let matching = accept.iter().filter_map(|range| {
        let specificity = match (range.item.type_(), range.item.subtype()) {
            (mime::STAR, mime::STAR) => 0,
            (kind, mime::STAR) if kind == offered.type_() => 1,
            (kind, subtype) if kind == offered.type_() && subtype == offered.subtype() => 2,
            _ => return None,
        };
        Some((specificity, range.quality))
    });
    matching.max().map_or(Quality::ZERO, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn prefers_html_by(accept: &str) -> bool {
        prefers_html(
            &TestRequest::default()
                .insert_header(("accept", accept))
                .to_http_request(),
        )
    }

    #[test]
    fn a_browser_prefers_html() {
        assert!(prefers_html_by(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
        ));
    }

    #[test]
    fn a_client_without_preference_gets_json() {
        assert!(!prefers_html(&TestRequest::default().to_http_request()));
        assert!(!prefers_html_by("*/*"));
        assert!(!prefers_html_by("text/html, application/json"));
        assert!(!prefers_html_by("no media type"));
    }

    #[test]
    fn a_quality_outweighs_the_order() {
        assert!(prefers_html_by("application/json;q=0.5, text/html;q=0.6"));
        assert!(!prefers_html_by("text/html;q=0.5, application/json;q=0.6"));
        assert!(!prefers_html_by("text/html;q=0, image/png"));
    }

    #[test]
    fn the_most_specific_range_counts() {
        assert!(!prefers_html_by(
            "text/*;q=0.9, text/html;q=0.1, application/json;q=0.5"
        ));
        assert!(prefers_html_by("*/*;q=0.1, text/*;q=0.2"));
    }
}
